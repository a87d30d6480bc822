/** Wake-ups: "look at connection C". Anything asked of a scheduler may be lost; the store's promise and the sweep repair it. */
export interface DrainScheduler {
  /** A drain of the connection by atMs (the store's clock); now when atMs is not in the future. Never throws: a lost wake-up is repaired. */
  wake(connectionId: string, atMs: number): Promise<void>;
  /** One more drain beside those that run: the caller saw work, a token and room in flight, and has no room itself. */
  spread(connectionId: string): Promise<void>;
}
