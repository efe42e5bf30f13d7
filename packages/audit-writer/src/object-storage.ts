/** Remote storage that keeps what the local disk does not. Its objects are listed in the order in which they were put. */
export type ObjectStorage = {
  readonly put: (key: string, content: string) => Promise<void>;
  /** Keys, oldest first, at most a thousand. */
  readonly list: () => Promise<readonly string[]>;
  readonly get: (key: string) => Promise<string>;
  readonly remove: (key: string) => Promise<void>;
};
