/** Work that is done one after another, in the order in which it was asked for. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  /** What fails, fails for whoever asked; the next one begins all the same. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.last.then(work);
    this.last = turn.catch(() => undefined);
    return turn;
  }

  /** Resolves when all that was asked for until now is over. */
  async over(): Promise<void> {
    await this.last;
  }
}
