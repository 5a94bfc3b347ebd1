export const esc = String.fromCharCode(27);
const reset = `${esc}[0m`;

/** A colour, any other control sequence (ECMA-48 5.4), or one control character other than a tab. */
const controls = new RegExp(`${esc}\\[[0-9;:]*m|${esc}\\[[0-?]*[ -/]*[@-~]|[^\\P{Cc}\\t]`, 'gu');

/**
 * One line of another program's output, safe to print: its own colours stay where colours are shown,
 * everything else that could move the cursor or change the terminal goes.
 */
export function safeLine(text: string, colour: boolean): string {
  let coloured = false;
  const safe = text.replace(controls, (found) => {
    if (!colour || found.length === 1 || !found.endsWith('m')) return '';
    coloured = true;
    return found;
  });
  return coloured && !safe.endsWith(reset) ? `${safe}${reset}` : safe;
}
