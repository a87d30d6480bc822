/*
  accept: the Idempotency-Key of a request, and what it stands for. Its scope is the caller and the path. What was sent with
  it is known by a fingerprint, so that a key that is used for something else is refused and never answered with a wrong
  success. Of a stream nobody knows the lines before they came: each line has an id, made of the key, its number and what it
  says, so that the whole stream can be sent again, and a line that is another one now is not taken for the old one.
*/
import { hash } from 'node:crypto';
import { type AcceptedActivity, FINGERPRINT_LENGTH } from '@sluice/core';
import { type Problem, ProblemError } from '@sluice/http';
import { numberOf } from './remember-as.ts';

export interface RequestKey {
  readonly id: string;
  readonly fingerprint: string;
}

export interface StreamKey extends RequestKey {
  readonly lineId: (line: number, accepted: AcceptedActivity) => string;
}

export interface KeyedRequest {
  readonly method: string;
  /** As it was asked for; what follows a question mark does not count. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

const KEY = /^[\x20-\x7e]{1,255}$/;
/** A string of RFC 9651: in quotes, with a backslash before a quote or a backslash. */
const QUOTED = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/;

const KEY_INVALID: Problem = {
  status: 400,
  code: 'idempotency_key_invalid',
  detail: 'Idempotency-Key is 1 to 255 printable ASCII characters, in quotes or without.',
};

/** Null: it has none. `bodyDigest` stands for the decoded body. Throws a ProblemError for a key that is none. */
export function requestKeyOf(request: KeyedRequest, caller: string, bodyDigest: string | null): RequestKey | null {
  const scoped = scopedKeyOf(request, caller);
  if (scoped === null) return null;
  return { id: numberOf(`key\0${scoped}`), fingerprint: fingerprintOf(request, `body\0${bodyDigest}`) };
}

export function streamKeyOf(request: KeyedRequest, caller: string): StreamKey | null {
  const scoped = scopedKeyOf(request, caller);
  if (scoped === null) return null;
  return {
    id: numberOf(`key\0${scoped}`),
    fingerprint: fingerprintOf(request, 'stream'),
    lineId: (line, { itemId, id, activity }) => {
      const { type, startMs, performedBy } = activity;
      const said = [itemId, id ?? '', type, startMs, performedBy.type, performedBy.id].join('\0');
      return numberOf(`line\0${scoped}\0${line}\0${said}`);
    },
  };
}

/** What was looked up by its key, by whoever does not have the request any more. */
export function keyIdOf(key: string, path: string, caller: string): string | null {
  const plain = readKey(key);
  return plain === null ? null : numberOf(`key\0${caller}\0${path}\0${plain}`);
}

function scopedKeyOf(request: KeyedRequest, caller: string): string | null {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return null;
  const key = typeof header === 'string' ? readKey(header) : null;
  if (key === null) throw new ProblemError(KEY_INVALID);
  return `${caller}\0${pathOf(request)}\0${key}`;
}

function readKey(header: string): string | null {
  const quoted = QUOTED.exec(header)?.[1];
  const key = quoted === undefined ? header : quoted.replace(/\\(.)/g, '$1');
  return KEY.test(key) ? key : null;
}

function fingerprintOf(request: KeyedRequest, what: string): string {
  return hash('sha256', `${request.method}\0${pathOf(request)}\0${what}`, 'base64url').slice(0, FINGERPRINT_LENGTH);
}

function pathOf({ url }: KeyedRequest): string {
  return url.split('?', 1)[0]!;
}
