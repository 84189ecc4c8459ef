// A bench's result as text for people: scalars as lines, lists and maps of flat objects as
// tables, intervals as `mean [low, high]`.

type Flat = Record<string, string>;

/** Columns beyond this make a table too wide to read. */
const maxColumns = 12;

export function formatReport(result: object): string {
  return section(result, '').join('\n');
}

function section(value: object, title: string): string[] {
  const heading = title === '' ? [] : ['', title];
  const rows = tableRows(value);
  if (rows !== undefined) {
    return [...heading, ...table(rows)];
  }
  const entries = Object.entries(value) as [string, unknown][];
  const scalars = entries.filter(([, inner]) => isScalar(inner));
  const inner = entries.filter((entry): entry is [string, object] => isBranch(entry[1]));
  return [
    ...(scalars.length === 0 ? [] : heading),
    ...scalars.map(([key, scalar]) => `${key}: ${cell(scalar)}`),
    ...inner.flatMap(([key, below]) => section(below, title === '' ? key : `${title} / ${key}`)),
  ];
}

/** Rows when all entries are objects with figures of their own and not too many; the first column is the entry's key. */
function tableRows(value: object): Flat[] | undefined {
  const isList = Array.isArray(value);
  const entries = Object.entries(value) as [string, unknown][];
  const rows: Flat[] = [];
  for (const [key, inner] of entries) {
    if (!isBranch(inner) || Array.isArray(inner) || !Object.values(inner).some(isScalar)) {
      return undefined;
    }
    rows.push({ ...(isList ? {} : { '': key }), ...flatten(inner, '') });
  }
  const columns = new Set(rows.flatMap((row) => Object.keys(row)));
  return rows.length > 0 && columns.size <= maxColumns ? rows : undefined;
}

function flatten(value: object, prefix: string): Flat {
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, inner]: [string, unknown]) =>
      isBranch(inner) && !Array.isArray(inner)
        ? flatten(inner, `${prefix}${key}.`)
        : { [`${prefix}${key}`]: cell(inner) },
    ),
  ) as Flat;
}

function table(rows: readonly Flat[]): string[] {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const widths = columns.map((column) =>
    Math.max(column.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((text, i) => text.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return [
    line(columns),
    line(widths.map((width) => '-'.repeat(width))),
    ...rows.map((row) => line(columns.map((column) => row[column] ?? ''))),
  ];
}

function isBranch(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !isScalar(value);
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null || isInterval(value) || isPlainList(value);
}

function isPlainList(value: object): boolean {
  return Array.isArray(value) && value.every((item) => typeof item !== 'object');
}

function isInterval(value: object): value is { mean: number; low: number; high: number } {
  return 'mean' in value && 'low' in value && 'high' in value;
}

function cell(value: unknown): string {
  if (typeof value === 'number') {
    return Math.abs(value) >= 1000 || Number.isInteger(value)
      ? String(Math.round(value))
      : String(Number(value.toPrecision(3)));
  }
  if (typeof value === 'object' && value !== null) {
    return isInterval(value)
      ? `${cell(value.mean)} [${cell(value.low)}, ${cell(value.high)}]`
      : (Object.values(value) as unknown[]).map(cell).join(' ');
  }
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : '-';
}
