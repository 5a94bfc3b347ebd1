const columns = 106;

/** The words of a text in lines of like length; with a bullet, as an item of a list. */
export function paragraph(text: string, bullet = ''): string[] {
  const lines: string[] = [];
  const words = text.trim().split(/\s+/);
  let line = bullet === '' ? (words.shift() ?? '') : bullet;
  for (const word of words) {
    if (line.length + 1 + word.length > columns) {
      lines.push(line);
      line = bullet === '' ? word : `${' '.repeat(bullet.length)} ${word}`;
    } else {
      line += ` ${word}`;
    }
  }
  return [...lines, line];
}
