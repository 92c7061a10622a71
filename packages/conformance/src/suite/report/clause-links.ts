/** A piece of a clause, and where the document says it; null for words between. */
export interface ClausePart {
  readonly text: string;
  readonly url: string | null;
}

const MQTT311 = 'https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html';

/** `RFC 1122`, a section of the RFC before it, a CVE, or MQTT's document. */
const CITATION = /RFC (\d+)(?: (\d+(?:\.\d+)*))?|CVE-\d{4}-\d{4,}|MQTT 3\.1\.1 [\d.]+|\b\d+(?:\.\d+)*\b/g;

/**
 * Splits `RFC 1122 3.3.1, 3.3.6` into its citations, each with the page and section it is about.
 * @param id the requirement: MQTT's document has its statements' names in the text, which a browser finds
 */
export function clauseParts(clause: string, id: string): ClausePart[] {
  const parts: ClausePart[] = [];
  let end = 0;
  let rfc = '';
  for (const match of clause.matchAll(CITATION)) {
    const [text, number, section] = match;
    let url: string | null = null;
    if (number !== undefined) {
      rfc = number;
      url = rfcUrl(number, section);
    } else if (text.startsWith('CVE')) {
      url = `https://www.cve.org/CVERecord?id=${text}`;
    } else if (text.startsWith('MQTT')) {
      url = `${MQTT311}#:~:text=${encodeURIComponent(`[${id}]`).replaceAll('-', '%2D')}`;
    } else if (rfc !== '') {
      url = rfcUrl(rfc, text);
    }
    if (url === null) continue;
    if (match.index > end) parts.push({ text: clause.slice(end, match.index), url: null });
    parts.push({ text, url });
    end = match.index + text.length;
  }
  if (end < clause.length) parts.push({ text: clause.slice(end), url: null });
  return parts;
}

function rfcUrl(number: string, section: string | undefined): string {
  return `https://datatracker.ietf.org/doc/html/rfc${number}${section === undefined ? '' : `#section-${section}`}`;
}
