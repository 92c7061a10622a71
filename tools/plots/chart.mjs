/**
 * Small line charts as SVG text: no dependency, no randomness, the same bytes for the same numbers.
 *
 * @typedef {object} Series
 * @property {string} name
 * @property {readonly (readonly [number, number])[]} points
 * @property {'line' | 'step' | 'dots'} [style] default: a line through the points
 * @property {string} [colour]
 */

const WIDTH = 720;
const HEIGHT = 300;
const LEFT = 64;
const RIGHT = 16;
const TOP = 34;
const BOTTOM = 44;
const COLOURS = ['#1f5fa8', '#c2471d', '#2b7d3f', '#7a4fa3'];

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
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${quoted(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${LEFT}" y="18" font-size="14" font-weight="bold">${quoted(title)}</text>`,
  ];
  for (let at = 0; at <= xEnd + xStep / 2; at += xStep) {
    lines.push(`<path d="M${fixed(px(at))} ${TOP}V${HEIGHT - BOTTOM}" stroke="#e4e4e4"/>`);
    lines.push(`<text x="${fixed(px(at))}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${tidy(at)}</text>`);
  }
  for (let value = 0; value <= yEnd + yStep / 2; value += yStep) {
    lines.push(`<path d="M${LEFT} ${fixed(py(value))}H${WIDTH - RIGHT}" stroke="#e4e4e4"/>`);
    lines.push(`<text x="${LEFT - 6}" y="${fixed(py(value) + 4)}" text-anchor="end">${tidy(value)}</text>`);
  }
  lines.push(`<text x="${WIDTH - RIGHT}" y="${HEIGHT - 8}" text-anchor="end">${quoted(x)}</text>`);
  lines.push(`<text x="14" y="${TOP + 4}" transform="rotate(-90 14 ${TOP + 4})" text-anchor="end">${quoted(y)}</text>`);
  series.forEach(({ name, points, style, colour }, index) => {
    const paint = colour ?? COLOURS[index % COLOURS.length];
    const place = points.map(([at, value]) => [fixed(px(at)), fixed(py(value))]);
    if (style === 'dots') {
      const d = place.map(([cx, cy]) => `M${cx} ${cy}h0`).join('');
      lines.push(`<path d="${d}" stroke="${paint}" stroke-width="5" stroke-linecap="round" fill="none"/>`);
    } else {
      const d = pathOf(place, style === 'step');
      lines.push(`<path d="${d}" stroke="${paint}" stroke-width="1.6" fill="none" stroke-linejoin="round"/>`);
    }
    const at = WIDTH - RIGHT - 150 * (series.length - index) + 20;
    lines.push(`<path d="M${at} 14h18" stroke="${paint}" stroke-width="3"/>`);
    lines.push(`<text x="${at + 24}" y="18">${quoted(name)}</text>`);
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
