/** What a command found out: the same for a program and in words for a person. */
export interface Answer {
  /** As JSON has it. */
  readonly data: unknown;
  readonly text: string;
  /** Something stands in the way of what was asked about. */
  readonly blocked?: boolean;
}
