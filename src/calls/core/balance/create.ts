import type { Prng } from '../../../std/index.ts';
import type { Balance, Balancer } from './balancer.ts';
import { LeastInFlight } from './least-in-flight.ts';
import { PowerOfTwoChoices } from './p2c.ts';
import { RingHash } from './ring-hash.ts';
import { RoundRobin } from './round-robin.ts';

export function createBalancer(balance: Balance, prng: Prng): Balancer {
  switch (balance) {
    case 'p2c':
      return new PowerOfTwoChoices(prng);
    case 'round-robin':
      return new RoundRobin(prng.fraction());
    case 'least-in-flight':
      return new LeastInFlight(prng);
    case 'ring-hash':
      return new RingHash(new PowerOfTwoChoices(prng));
  }
}
