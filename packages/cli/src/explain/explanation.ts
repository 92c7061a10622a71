/** What a status is about, in our own words. All three are sentences for people. */
export interface Explanation {
  /** What the status says. */
  readonly meaning: string;
  /** What usually brings it about. */
  readonly cause: string;
  /** What to do, when there is something to do. */
  readonly remedy?: string;
}

/** Explanations by status name. */
export type Explanations = Readonly<Record<string, Explanation>>;
