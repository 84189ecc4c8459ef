// Bars and columns as vector graphics. Colours come from the styles, by class.

type Attributes = Readonly<Record<string, string | number>>;

const leftOfColumns = 48;
const widestColumn = 28;

export function svg(
  tag: string,
  attributes: Attributes,
  ...children: readonly (SVGElement | string)[]
): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}

export interface Bar {
  x: number;
  y: number;
  width: number;
  height: number;
  /** 0..1. */
  filled: number;
  isUsed: boolean;
}

export function bar({ x, y, width, height, filled, isUsed }: Bar): SVGElement[] {
  const place = { x, y, height, rx: 3 };
  return [
    svg('rect', { ...place, width, class: isUsed ? 'room' : 'room unused' }),
    svg('rect', { ...place, width: Math.max(filled > 0 ? 2 : 0, width * filled), class: 'filled' }),
  ];
}

export interface Column {
  /** Shown at the pointer. */
  text: string;
  /** From the bottom up. */
  parts: { kind: string; value: number }[];
}

/** One column for each value, the scale from nothing to the highest, which is written beside it. */
export function columns(width: number, height: number, values: readonly Column[]): SVGElement {
  const sums = values.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0));
  const highest = Math.max(...sums, Number.MIN_VALUE);
  const step = Math.min(widestColumn, (width - leftOfColumns) / Math.max(1, values.length));
  const drawn = values.map(({ text, parts }, i) => {
    let top = height;
    const rects = parts.map(({ kind, value }) => {
      const size = (value / highest) * height;
      top -= size;
      return svg('rect', {
        x: leftOfColumns + i * step,
        y: top,
        width: Math.max(1, step - 2),
        height: size,
        class: kind,
      });
    });
    return svg('g', {}, svg('title', {}, text), ...rects);
  });
  return svg(
    'svg',
    {
      viewBox: `0 -4 ${width} ${height + 8}`,
      role: 'img',
      'aria-label': values.map(({ text }) => text).join('; '),
    },
    svg('text', { x: 0, y: 10, class: 'scale' }, shortNumber(highest)),
    svg('text', { x: 0, y: height, class: 'scale' }, '0'),
    svg('line', { x1: leftOfColumns, x2: width, y1: height, y2: height, class: 'axis' }),
    ...drawn,
  );
}

function shortNumber(value: number): string {
  return value.toLocaleString(document.documentElement.lang, { maximumSignificantDigits: 3 });
}
