/**
 * Small line charts as SVG text: no dependency, no randomness, the same bytes for the same numbers.
 *
 * @typedef {object} Series
 * @property {string} name
 * @property {readonly (readonly [number, number])[]} points
 * @property {'line' | 'step' | 'dots'} [style] default: a line through the points
 */

const WIDTH = 720;
const HEIGHT = 320;
const LEFT = 64;
const RIGHT = 16;
const TOP = 54;
const BOTTOM = 44;
/** Baseline of the names of the series, between the title and the plot. */
const LEGEND = 38;
/** Letters are about that wide at this size; names need no more exactness. */
const LETTER = 6.6;
const COLOURS = ['#1f5fa8', '#c2471d', '#2b7d3f', '#7a4fa3'];
const DARK_COLOURS = ['#79b8ff', '#ff9b73', '#7ee2a0', '#c9a6f0'];

/** Light by itself, dark where the reader's pages are. Colours of series are classes, so that both schemes have theirs. */
const STYLE = [
  '.back{fill:#fff}text{fill:#1c1e21}.grid{stroke:#e4e4e4}path{fill:none}',
  ...COLOURS.map((colour, i) => `.s${i}{stroke:${colour}}`),
  '@media (prefers-color-scheme:dark){.back{fill:#15171a}text{fill:#e7e9ec}.grid{stroke:#33383f}',
  ...DARK_COLOURS.map((colour, i) => `.s${i}{stroke:${colour}}`),
  '}',
].join('');

/** Steps of 1, 2 or 5 times a power of ten. */
function niceStep(range, wanted) {
  const rough = range / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const unit = rough / power;
  return (unit <= 1 ? 1 : unit <= 2 ? 2 : unit <= 5 ? 5 : 10) * power;
}

const quoted = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
const tidy = (value) => String(Number(value.toPrecision(6)));
const fixed = (value) => value.toFixed(1).replace(/\.0$/, '');

/**
 * A chart of some series over a common x axis.
 * @param {{ title: string, x: string, y: string, series: Series[] }} chart
 */
export function drawChart({ title, x, y, series }) {
  const all = series.flatMap(({ points }) => points);
  const xMost = Math.max(...all.map(([at]) => at), 1e-9);
  const yMost = Math.max(...all.map(([, value]) => value), 1e-9);
  const xStep = niceStep(xMost, 8);
  const yStep = niceStep(yMost, 5);
  const xEnd = Math.ceil(xMost / xStep) * xStep;
  const yEnd = Math.ceil(yMost / yStep) * yStep;
  const px = (value) => LEFT + (value / xEnd) * (WIDTH - LEFT - RIGHT);
  const py = (value) => HEIGHT - BOTTOM - (value / yEnd) * (HEIGHT - TOP - BOTTOM);
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" role="img">`,
    `<title>${quoted(title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="back" width="${WIDTH}" height="${HEIGHT}"/>`,
    `<text x="${LEFT}" y="18" font-size="14" font-weight="bold">${quoted(title)}</text>`,
  ];
  for (let at = 0; at <= xEnd + xStep / 2; at += xStep) {
    lines.push(`<path d="M${fixed(px(at))} ${TOP}V${HEIGHT - BOTTOM}" class="grid"/>`);
    lines.push(`<text x="${fixed(px(at))}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${tidy(at)}</text>`);
  }
  for (let value = 0; value <= yEnd + yStep / 2; value += yStep) {
    lines.push(`<path d="M${LEFT} ${fixed(py(value))}H${WIDTH - RIGHT}" class="grid"/>`);
    lines.push(`<text x="${LEFT - 6}" y="${fixed(py(value) + 4)}" text-anchor="end">${tidy(value)}</text>`);
  }
  lines.push(`<text x="${WIDTH - RIGHT}" y="${HEIGHT - 8}" text-anchor="end">${quoted(x)}</text>`);
  lines.push(`<text x="14" y="${TOP + 4}" transform="rotate(-90 14 ${TOP + 4})" text-anchor="end">${quoted(y)}</text>`);
  let legend = LEFT;
  series.forEach(({ name, points, style }, index) => {
    const paint = `class="s${index % COLOURS.length}"`;
    const place = points.map(([at, value]) => [fixed(px(at)), fixed(py(value))]);
    if (style === 'dots') {
      const d = place.map(([cx, cy]) => `M${cx} ${cy}h0`).join('');
      lines.push(`<path d="${d}" ${paint} stroke-width="5" stroke-linecap="round"/>`);
    } else {
      const d = pathOf(place, style === 'step');
      lines.push(`<path d="${d}" ${paint} stroke-width="1.6" stroke-linejoin="round"/>`);
    }
    const mark =
      style === 'dots'
        ? `M${fixed(legend + 9)} ${LEGEND - 4}h0" stroke-linecap="round`
        : `M${fixed(legend)} ${LEGEND - 4}h18`;
    lines.push(`<path d="${mark}" ${paint} stroke-width="${style === 'dots' ? 5 : 3}"/>`);
    lines.push(`<text x="${fixed(legend + 24)}" y="${LEGEND}">${quoted(name)}</text>`);
    legend += 24 + name.length * LETTER + 24;
  });
  lines.push('</svg>');
  return `${lines.join('\n')}\n`;
}

/** A path through the places; ones that fall on the last are left out, and so are those in the middle of a level run. */
function pathOf(place, steps) {
  let d = '';
  let last = ['', ''];
  place.forEach(([cx, cy], i) => {
    if (cx === last[0] && cy === last[1]) return;
    const next = place[i + 1];
    if (d !== '' && cy === last[1] && next !== undefined && next[1] === cy) return;
    d += d === '' ? `M${cx} ${cy}` : steps ? `H${cx}V${cy}` : `L${cx} ${cy}`;
    last = [cx, cy];
  });
  return d;
}
