/** The way from one host to another; the way back is a link of its own. */
export interface Link {
  /** How many partitions cut it: they may overlap. */
  cuts: number;
  cloggedUntilUs: number;
  /** Packets that keep their order do not arrive before this. */
  lastArrivalUs: number;
}

/** A cut through some links, until it is mended. Mending twice does nothing. */
export interface Partition {
  mend(): void;
}

/** The state of every link, by the hosts' numbers. */
export class Links {
  readonly #links: (Link | undefined)[][] = [];
  readonly #partitions = new Set<Partition>();

  link(from: number, to: number): Link {
    let row = this.#links[from];
    if (row === undefined) {
      row = [];
      this.#links[from] = row;
    }
    let link = row[to];
    if (link === undefined) {
      link = { cuts: 0, cloggedUntilUs: 0, lastArrivalUs: 0 };
      row[to] = link;
    }
    return link;
  }

  /** Nothing passes from any of `from` to any of `to`. What is under way arrives. */
  cut(from: readonly number[], to: readonly number[]): Partition {
    const links = from.flatMap((one) =>
      to.filter((other) => other !== one).map((other) => this.link(one, other)),
    );
    for (const link of links) link.cuts++;
    const partition: Partition = {
      mend: () => {
        if (!this.#partitions.delete(partition)) return;
        for (const link of links) link.cuts--;
      },
    };
    this.#partitions.add(partition);
    return partition;
  }

  /** Mends and unclogs every link. */
  heal(): void {
    for (const partition of [...this.#partitions]) partition.mend();
    for (const row of this.#links) {
      for (const link of row ?? []) if (link !== undefined) link.cloggedUntilUs = 0;
    }
  }
}
