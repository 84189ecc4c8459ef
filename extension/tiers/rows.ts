// The rows of the tiers' tree, which are the same objects from look to look: VS Code knows by them
// what a menu was opened on. It forgets the rows below one that is drawn anew until it has asked
// for them again, and an action on them comes to nothing; so few are drawn anew as can be.

import { idOf, type Place, type PlaceNode, type PlaceRow } from './places.js';

export class Rows {
  private readonly tiers: PlaceNode[] = [{ kind: 'gpu' }, { kind: 'ram' }, { kind: 'disk' }];
  private known = new Map<string, PlaceRow>();
  /** Of the workspace folders; undefined where nothing is shown. */
  private roots: PlaceRow[] | undefined;
  private looks = new WeakMap<PlaceNode, string>();

  /** Without a row: the outermost ones. */
  below(row?: PlaceNode): PlaceNode[] {
    if (this.roots === undefined) {
      return [];
    }
    if (row === undefined) {
      return this.tiers;
    }
    return row.kind === 'place'
      ? row.place.children.map((place) => this.rowOf(place))
      : row.kind === 'disk'
        ? this.roots
        : [];
  }

  /**
   * Takes the places as they are now, undefined where nothing is known. Gives the outermost rows
   * that have to be drawn anew, each with what lies below it; undefined for all.
   *
   * @param looksOf how a row looks, without those below it
   */
  take(
    places: readonly Place[] | undefined,
    looksOf: (row: PlaceNode) => string,
  ): PlaceNode[] | undefined {
    const wereShown = this.roots !== undefined;
    const before = this.known;
    this.known = new Map();
    this.roots = places?.map((place) => this.keep(place, before));
    const old = this.below().flatMap((row) => this.outermostOld(row, looksOf));
    return wereShown && places !== undefined ? old : undefined;
  }

  private keep(place: Place, before: ReadonlyMap<string, PlaceRow>): PlaceRow {
    const row = before.get(idOf(place)) ?? { kind: 'place', place };
    row.place = place;
    this.known.set(idOf(place), row);
    place.children.forEach((child) => this.keep(child, before));
    return row;
  }

  private rowOf(place: Place): PlaceRow {
    return this.known.get(idOf(place)) ?? { kind: 'place', place };
  }

  private outermostOld(row: PlaceNode, looksOf: (row: PlaceNode) => string): PlaceNode[] {
    const children = this.below(row);
    const names = children.map((child) => (child.kind === 'place' ? idOf(child.place) : ''));
    const looks = JSON.stringify([looksOf(row), names]);
    const isOld = this.looks.get(row) !== looks;
    this.looks.set(row, looks);
    const old = children.flatMap((child) => this.outermostOld(child, looksOf));
    return isOld ? [row] : old;
  }
}
