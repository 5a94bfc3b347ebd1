import type { Disk } from 'holdfast/host';

const bytesMax = 1024 * 1024;

/** Hands over the text of the files of a folder whose names begin so. What cannot be read is left out. */
export function filesIn(
  disk: Disk,
  folder: string,
  prefix: string,
  done: (texts: readonly string[]) => void,
): void {
  const texts: string[] = [];
  disk.list(folder, (listed) => {
    const names = listed.ok ? listed.value.filter((name) => name.startsWith(prefix)) : [];
    const next = (): void => {
      const name = names.pop();
      if (name === undefined) {
        done(texts);
        return;
      }
      disk.open(`${folder}/${name}`, { create: false }, (opened) => {
        if (!opened.ok) {
          next();
          return;
        }
        opened.value.read(0, bytesMax, (read) => {
          if (read.ok) texts.push(Buffer.from(read.value).toString());
          opened.value.close(next);
        });
      });
    };
    next();
  });
}

/** Removes the files of a folder, as somebody would who moves it away. What fails is left. */
export function emptyFolder(disk: Disk, folder: string, done: () => void): void {
  disk.list(folder, (listed) => {
    const names = listed.ok ? [...listed.value] : [];
    const next = (): void => {
      const name = names.pop();
      if (name === undefined) disk.syncDirectory(folder, () => done());
      else disk.remove(`${folder}/${name}`, next);
    };
    next();
  });
}
