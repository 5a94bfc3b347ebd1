import { describe, it } from 'vitest';
import type { Address, Network } from '../network.ts';
import * as breaking from './network-breaking.ts';
import * as listening from './network-listening.ts';
import * as streaming from './network-streaming.ts';
import { type MakeStage, on, type Stage } from './stage.ts';

export interface NetworkStage extends Stage {
  /** The two sides; they may be the same. */
  readonly server: Network;
  readonly client: Network;
  /** Where `server` listens and `client` finds it. */
  readonly host: string;
  /** An address there is no way to. */
  readonly nowhere: Address;
}

/** What every Network does. */
export function networkAcceptance(name: string, make: MakeStage<NetworkStage>): void {
  describe(`Network: ${name}`, () => {
    describe('listening', () => {
      it('takes a free port for port 0', on(make, listening.takesFreePorts));
      it('says that a port is taken', on(make, listening.saysInUse));
      it('frees its port when it closes, open connections or not', on(make, listening.freesItsPort));
      it('closes twice', on(make, listening.closesTwice));
      it('tells each side who the other is', on(make, listening.tellsTheRemote));
      it('accepts many at once', on(make, listening.acceptsMany));
    });
    describe('connecting', () => {
      it('opens later, never inside connect', on(make, listening.opensLater));
      it('is refused where nobody listens', on(make, listening.isRefused));
      it('says that there is no way', on(make, listening.isUnreachable));
      it('can be given up before it stands', on(make, listening.isGivenUp));
    });
    describe('streaming', () => {
      it('delivers small writes in order', on(make, streaming.smallWrites));
      it('delivers what was written before it stood', on(make, streaming.writesBeforeOpened));
      it('delivers megabytes both ways at once', on(make, streaming.megabytesBothWays));
      it('takes an empty write', on(make, streaming.emptyWrite));
      it('makes the writer wait for a reader that does not read', on(make, streaming.backpressure));
      it('says drained only after a refusal', on(make, streaming.drainedOnlyAfterRefusal));
      it('stops and resumes reading, also before the first byte', on(make, streaming.stopsReading));
      it('holds back the end while it does not read', on(make, streaming.holdsBackTheEnd));
    });
    describe('ending', () => {
      it('sends what is queued before the end', on(make, breaking.endSendsTheQueue));
      it('leaves the other direction open', on(make, breaking.halfClose));
      it('closes without a failure when both have ended', on(make, breaking.bothEnd));
      it('takes nothing after its end', on(make, breaking.nothingAfterTheEnd));
      it('destroys at once and only once', on(make, breaking.destroys));
      it('breaks off the peer with a reset', on(make, breaking.resetsThePeer));
      it('destroys from inside its own handlers', on(make, breaking.destroysFromInside));
      it('delivers a true prefix when it breaks in the middle', on(make, breaking.breaksInTheMiddle));
      it('goes on when a neighbour breaks', on(make, breaking.neighboursGoOn));
    });
  });
}
