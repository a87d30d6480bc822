/** One request to an addActivities route, as far as its path and headers say. */
export interface GraphCall {
  /** Counts from 1 over the life of the data folder; the end of request-id. */
  readonly call: number;
  readonly arrivedMs: number;
  readonly requestId: string;
  readonly clientRequestId: string | null;
  readonly version: string;
  readonly connection: string;
  readonly item: string;
  readonly authorization: string | null;
  readonly host: string;
  readonly contentType: string | null;
  readonly contentEncoding: string | null;
}
