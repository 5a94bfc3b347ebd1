import { Story } from './story.ts';

/** What a newcomer should have seen: each is told as a run on the simulator tells it. */
export const stories: Readonly<Record<string, () => string>> = {
  'read-elsewhere': readElsewhere,
  'cut-link': cutLink,
  'both-sides': bothSides,
  'delete-forgotten': deleteForgotten,
  'comes-back': comesBack,
};

function readElsewhere(): string {
  const story = new Story('A client reads elsewhere what it has written', 3);
  story.say(
    'Every answer carries a token: what this client has seen. Ann writes at r1 and reads at r2.',
    'r1.1:2 is the second record of the first life of r1; its first said that r1 had started.',
  );
  const ann = story.client('Ann');
  ann.put('r1', 'fruit', 'apple');
  story.wait(0.1);
  ann.get('r2', 'fruit');
  story.applied();
  story.say('The next write does not reach r3, whose network is cut.');
  const cut = story.cut('r3');
  story.wait(0.1);
  ann.put('r1', 'fruit', 'pear');
  story.say('r3 waits a little for what the token names. It never answers with less.');
  ann.get('r3', 'fruit');
  story.applied('r3');
  story.say('Ben has seen nothing: any state will do for him.');
  const ben = story.client('Ben');
  ben.get('r3', 'fruit');
  story.say(
    'And r3 takes writes, as every replica does by itself. The network is back before its silence counts as',
    'a cut, so what was on its way arrives.',
  );
  ben.put('r3', 'tree', 'oak');
  cut.mend();
  story.cluster.untilEqual();
  ann.get('r3', 'fruit');
  ann.get('r1', 'tree');
  story.say(
    'Ann has seen two that know nothing of each other: her token has an entry for each. Claims, in which',
    'replicas say what they have applied, make it one again.',
  );
  story.wait(3);
  ann.put('r2', 'fruit', 'plum');
  story.applied();
  return story.text;
}

function cutLink(): string {
  const story = new Story('A link is cut for a while, and what comes over it later waits', 3);
  const ann = story.client('Ann');
  const ben = story.client('Ben');
  ann.put('r1', 'fruit', 'apple');
  story.wait(0.1);
  ben.get('r3', 'fruit');
  const cut = story.cut('r3');
  story.wait(1);
  story.say('A link that is silent for 750 ms counts as cut. Ann goes on at r1.');
  ann.put('r1', 'fruit', 'pear');
  story.applied();
  story.say('r3 serves those who have seen no more than it has, and refuses the others.');
  ben.get('r3', 'fruit');
  ann.get('r3', 'fruit');
  story.wait(2);
  story.say(
    'When the network is whole again nothing is taken from the cut link at once: r3 asks what it lacks',
    'between 2.5 s and 5 s after contact, each link at a moment of its own.',
  );
  cut.mend();
  const r3 = story.cluster.store('r3').replica;
  const isHeard = (): boolean =>
    [...r3.exchange.peers].every(({ silentSinceMs }) => silentSinceMs === undefined);
  story.until(isHeard, 'contact');
  story.tell('r3 has heard both again, and still has apple');
  ann.get('r3', 'fruit');
  ben.get('r3', 'fruit');
  const caughtUp = story.until(
    () => story.cluster.vectorOf('r3') === story.cluster.vectorOf('r1'),
    'equal',
  );
  story.tell(`r3 has caught up, ${caughtUp.toFixed(1)} s after that`);
  ann.get('r3', 'fruit');
  ben.get('r3', 'fruit');
  story.applied();
  return story.text;
}

function bothSides(): string {
  const story = new Story('Both sides of a partition write the same keys', 3);
  const ann = story.client('Ann');
  const ben = story.client('Ben');
  ann.put('r1', 'fruit', 'apple');
  ann.put('r1', 'tree', 'oak');
  story.wait(0.1);
  ben.get('r3', 'fruit');
  const cut = story.cut('r3');
  story.wait(1);
  story.say(
    'Each side goes on by itself. Ann deletes what Ben replaces a second later, and the other way round.',
  );
  ann.delete('r1', 'fruit');
  ben.put('r3', 'tree', 'elm');
  story.wait(1);
  ben.put('r3', 'fruit', 'fig');
  ann.delete('r1', 'tree');
  story.applied();
  cut.mend();
  story.cluster.untilEqual();
  story.say(
    'All replicas decide alike: the later stamp wins, whether it writes or deletes. Stamps come from the',
    'clock of who writes, but lie above everything that replica had applied.',
  );
  story.applied();
  for (const name of story.cluster.names) story.client('Cem').get(name, 'fruit');
  for (const name of story.cluster.names) story.client('Cem').get(name, 'tree');
  story.say('Ben sees that his elm was deleted, and his fig stayed.');
  ben.get('r1', 'tree');
  ben.get('r2', 'fruit');
  return story.text;
}

function deleteForgotten(): string {
  const story = new Story('A delete leaves a tombstone until everybody has it', 3);
  const { cluster } = story;
  const ann = story.client('Ann');
  ann.put('r1', 'fruit', 'apple');
  cluster.untilEqual();
  story.wait(6);
  ann.delete('r1', 'fruit');
  cluster.untilEqual();
  const tombstones = (): string => cluster.names.map((name) => cluster.tombstonesOf(name)).join(', ');
  story.tell(`tombstones at r1, r2, r3: ${tombstones()}`);
  story.say(
    'r1 may forget the tombstone when every member has it. Members say what they have in claims. A first',
    'round says who has the delete; a second, of echoes, says who has heard that from whom.',
  );
  const seen = new Set<string>();
  cluster.onApplying = (host, record) => {
    if (record.kind !== 'claim') return;
    const line = story.record(record);
    if (seen.has(line)) return;
    seen.add(line);
    story.tell(`${host} writes the ${record.isEcho ? 'echo' : 'claim'} ${line.replace('claim ', '')}`);
  };
  story.until(() => cluster.names.every((name) => cluster.tombstonesOf(name) === 0), 'collected');
  cluster.onApplying = () => {};
  story.tell(`tombstones at r1, r2, r3: ${tombstones()}`);
  story.say('A member that is dead claims nothing, and might come back with the key: its tombstones stay.');
  ann.put('r1', 'tree', 'oak');
  cluster.untilEqual();
  cluster.host('r3').crash('process');
  story.tell('r3 dies');
  ann.delete('r1', 'tree');
  story.wait(15);
  const living = ['r1', 'r2'].map((name) => cluster.tombstonesOf(name)).join(', ');
  story.tell(`tombstones at r1, r2 after 15 s: ${living}`);
  cluster.restart('r3');
  story.tell('r3 starts again, as another incarnation');
  const took = story.until(
    () => cluster.names.every((name) => cluster.tombstonesOf(name) === 0),
    'collected',
  );
  story.tell(`tombstones at r1, r2, r3, ${took.toFixed(1)} s later: ${tombstones()}`);
  return story.text;
}

function comesBack(): string {
  const story = new Story('A replica that was removed comes back with writes of its own', 3);
  const { cluster } = story;
  const ann = story.client('Ann');
  const ben = story.client('Ben');
  ann.put('r1', 'fruit', 'apple');
  cluster.untilEqual();
  story.wait(3);
  const cut = story.cut('r3');
  story.wait(1);
  story.say('Ben writes at r3, which nobody reaches; the operator gives r3 up.');
  ben.put('r3', 'fruit', 'fig');
  story.wait(1);
  story.changeView('r1', 'r3', false);
  story.say('Without r3 among the members a delete can be forgotten again.');
  ann.delete('r1', 'fruit');
  story.until(() => cluster.tombstonesOf('r1') + cluster.tombstonesOf('r2') === 0, 'collected');
  story.tell('r1 and r2 have forgotten that there was a fruit');
  story.say('Much later Ben writes once more at r3.');
  ben.put('r3', 'tree', 'elm');
  story.applied();
  cut.mend();
  story.until(() => cluster.eventsOf('r3', 'fenced').length > 0, 'fenced');
  story.tell('r3 is told that it was removed; it keeps what it has, and nobody takes any of it');
  story.changeView('r1', 'r3', true);
  story.until(() => cluster.eventsOf('r3', 'snapshot-taken').length > 0, 'back');
  cluster.untilEqual();
  const [taken] = cluster.eventsOf('r3', 'snapshot-taken');
  const [aside] = cluster.eventsOf('r3', 'quarantined');
  story.tell(
    `r3 is let in again: it takes a snapshot of ${taken?.keys} keys, and goes on as another incarnation`,
  );
  story.applied();
  story.say(
    'Its elm is later than anything forgotten: it is handed in again, under its old stamp. Its fig is older',
    'than a delete that was forgotten, perhaps of that very key. Nobody can tell: it is set aside in a file.',
  );
  story.tell(`r3 has set ${aside?.writes} write aside`);
  story.client('Cem').get('r1', 'tree');
  story.client('Cem').get('r1', 'fruit');
  story.say('Ben is served as before: what he has seen of the old incarnation is known to have ended.');
  ben.get('r2', 'tree');
  ben.get('r2', 'fruit');
  return story.text;
}
