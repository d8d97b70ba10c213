/** All the items of a list, over as many pages as there are. */
import type { Items, Json } from "./answers";
import { MoldError } from "./errors";

/** The greatest page a server gives by default (`default.page.size`). */
export const usualPageSize = 500;

/** How often a list is read at most that something leaves meanwhile. */
const readings = 3;

/** Fetches one page, numbered from 1. */
export type FetchPage = (page: number, pageSize: number) => Promise<Items>;

/** The page size that the server allows, from its refusal of a greater one ("Page size can't exceed max allowed page size value: 200"). */
function allowedBy(error: unknown): number | undefined {
  if (!(error instanceof MoldError) || error.code !== 431) return undefined;
  const allowed = Number(/page ?size .*exceed.*?(\d+)\s*$/i.exec(error.said ?? "")?.[1]);
  return allowed > 0 ? allowed : undefined;
}

export class Pages {
  private size = usualPageSize;

  /** The page size that this server takes, as far as is known. */
  get pageSize(): number {
    return this.size;
  }

  /**
   * A list that fits on a page is one call. Items that move to the next page while it is being fetched (something before them was
   * made) come once, told by their id. Where something before them was removed they move to the page before, which has been fetched: then
   * the list is read again, a few times at most.
   */
  async all(fetch: FetchPage): Promise<Json[]> {
    for (let reading = 1; ; reading++) {
      const { items, shrank } = await this.whole(fetch);
      if (!shrank || reading === readings) return once(items);
    }
  }

  private async whole(fetch: FetchPage): Promise<{ items: readonly Json[]; shrank: boolean }> {
    const { first, pageSize } = await this.first(fetch);
    const items = [...first.items];
    let last = first;
    // A server that knows no paging for a command gives everything at once, every time: more than a page then ends it.
    for (let page = 2; last.items.length === pageSize && (first.count === undefined || items.length < first.count); page++) {
      last = await fetch(page, pageSize);
      items.push(...last.items);
    }
    return { items, shrank: first.count !== undefined && last.count !== undefined && last.count < first.count };
  }

  private async first(fetch: FetchPage): Promise<{ first: Items; pageSize: number }> {
    const pageSize = this.size;
    try {
      return { first: await fetch(1, pageSize), pageSize };
    } catch (error) {
      const allowed = allowedBy(error);
      if (allowed === undefined || allowed >= pageSize) throw error;
      this.size = Math.min(this.size, allowed);
      return { first: await fetch(1, allowed), pageSize: allowed };
    }
  }
}

function once(items: readonly Json[]): Json[] {
  const seen = new Set<unknown>();
  return items.filter(({ id }) => {
    if (typeof id !== "string") return true;
    if (seen.has(id)) return false;
    seen.add(id);
    return true;
  });
}
