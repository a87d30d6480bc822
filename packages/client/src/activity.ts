/** Who did what to which item, and when: what a line of your system posts. */
export interface Activity {
  /** Sluice's name of the connection: 3 to 32 letters and digits. */
  readonly connection: string;
  /** The id of the item as the connector gave it to Graph: 1 to 128 letters, digits, hyphens and underscores. */
  readonly item: string;
  readonly type: 'viewed' | 'modified' | 'created' | 'commented';
  /** RFC 3339 with seconds and a zone, or a Date. */
  readonly startDateTime: string | Date;
  readonly performedBy: Performer;
  /**
   * Yours, 1 to 128 characters. The same id on the same item is accepted once within a day, so an activity that may be
   * tracked again after a crash of your process needs one that is the same then. Absent: one is made, for this call.
   */
  readonly id?: string;
}

export interface Performer {
  readonly type: 'user' | 'group' | 'externalGroup';
  /** Of user and group the Entra object id, a GUID. */
  readonly id: string;
}

/** What is known of an activity that is stored. */
export interface Tracked {
  readonly id: string;
  readonly connection: string;
  /** Of the request that the activity went with; `GET /v1/receipts/{id}` says what became of it. Null: the intake gave none. */
  readonly receiptId: string | null;
}
