import { OBJECT_ID } from '../limits.ts';

/** The one spelling of a performer's id: Entra's object ids are the same in upper and lower case, other ids are not. */
export function foldPerformer(id: string): string {
  return OBJECT_ID.test(id) ? id.toLowerCase() : id;
}

/** As it stands in an entry, but folded. */
export function performerColumn(id: string): string {
  return JSON.stringify(foldPerformer(id)).slice(1, -1);
}
