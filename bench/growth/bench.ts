import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { drawChart } from './chart.ts';
import { type Figures, figuresOf } from './figures.ts';
import { measure, type Setting } from './measurement.ts';
import { bytesChart, tokenChart } from './pictures.ts';
import { writeResults } from './results.ts';
import { axes, loadFor, seeds, settingOn, usual } from './settings.ts';

const folder = path.resolve(import.meta.dirname, '../results');

/** How tokens and replication grow with replicas, clients and restarts: the store on the simulator. */
export async function benchGrowth(): Promise<void> {
  const startMs = performance.now();
  const done = new Map<string, Figures>();
  const figures = (setting: Setting): Figures => {
    // The usual setting is on every axis, and measured once.
    const name = JSON.stringify(setting);
    const known = done.get(name);
    if (known !== undefined) return known;
    const load = loadFor(setting);
    const runs = seeds.map((seed) => measure(setting, load, seed));
    const result = figuresOf(setting, runs, load);
    done.set(name, result);
    const tookS = ((performance.now() - startMs) / 1_000).toFixed(0);
    console.log(`${tookS.padStart(4)} s  ${name}: ${result.perWriteTotal.toFixed(0)} bytes per write`);
    return result;
  };
  const measured = axes.map((axis) => ({
    axis,
    figures: axis.values.map((value) => figures(settingOn(axis, value))),
  }));
  const twoCopies = figures({ ...usual, copies: 2 });
  writeFileSync(path.join(folder, 'growth-token.svg'), drawChart(tokenChart(measured)));
  writeFileSync(path.join(folder, 'growth-bytes.svg'), drawChart(bytesChart(measured)));
  writeResults(measured, twoCopies);
}
