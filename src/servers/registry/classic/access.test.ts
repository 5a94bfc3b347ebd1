import { describe, expect, it } from 'vitest';
import { KeylessAccess } from './access.ts';

const lab = (allow?: string, listensOn = '127.0.0.1') =>
  new KeylessAccess({ auth: 'lab', allow, listensOn });

describe('who may be registered without a key', () => {
  it('is nobody outside the lab, whatever is on the list', () => {
    const access = new KeylessAccess({
      auth: undefined,
      allow: '10.0.0.0/8,localhost',
      listensOn: '0.0.0.0',
    });
    expect(access.isLab).toBe(false);
    for (const host of ['127.0.0.1', 'localhost', '10.0.0.1']) expect(access.mayRegister(host)).toBe(false);
  });

  it.each(['127.0.0.1', '127.200.3.4', '::1', '::ffff:7f00:1', 'localhost'])(
    'is %s in the lab: this machine',
    (host) => {
      expect(lab().isLab).toBe(true);
      expect(lab().mayRegister(host)).toBe(true);
    },
  );

  it.each([
    '169.254.169.254',
    '::ffff:a9fe:a9fe',
    'fd00:ec2::254',
    'metadata.google.internal',
    '10.0.0.1',
    '192.168.1.1',
    '128.0.0.1',
    '64:ff9b::7f00:1',
    'localhost.example',
    'localhost.',
    'x.localhost',
    '127.0.0.1.example',
  ])('is not %s', (host) => {
    expect(lab().mayRegister(host)).toBe(false);
  });

  it('is who is on the list: names, addresses and networks', () => {
    const access = lab(' 10.1.0.0/16, 192.168.7.9 ,Chat.Example,[2001:db8::1],fd00::/8,, ');
    const allowed = ['10.1.2.3', '::ffff:a01:203', '192.168.7.9', 'chat.example', '2001:db8::1', 'fd12::1'];
    for (const host of [...allowed, '127.0.0.1']) expect(access.mayRegister(host), host).toBe(true);
    const others = [
      '10.2.0.1',
      '192.168.7.8',
      'a.chat.example',
      '2001:db8::2',
      'fe00::1',
      '169.254.169.254',
    ];
    for (const host of others) expect(access.mayRegister(host), host).toBe(false);
  });

  it.each([
    '10.0.0.0/33',
    'fd00::/129',
    'chat.example/8',
    'a b',
    'http://x',
    '10.0.0.0/',
    '*',
    '127.0.0.1:80',
  ])('cannot be %j', (entry) => {
    expect(() => lab(`localhost,${entry}`)).toThrow(/^REGISTER_ALLOW must be hosts, addresses and CIDRs/);
  });

  it('is a bounded list', () => {
    const hosts = Array.from({ length: 257 }, (_, index) => `h${index}`);
    expect(() => lab(hosts.join(','))).toThrow('REGISTER_ALLOW may have 256 entries, not 257.');
    expect(lab(hosts.slice(1).join(',')).mayRegister('h256')).toBe(true);
  });
});

describe('AUTH', () => {
  it.each(['lab', ' LAB '])('%j is the lab', (auth) => {
    expect(new KeylessAccess({ auth, allow: undefined, listensOn: 'localhost' }).isLab).toBe(true);
  });

  it('is nothing else', () => {
    for (const auth of [undefined, '', ' ']) {
      expect(new KeylessAccess({ auth, allow: undefined, listensOn: '127.0.0.1' }).isLab).toBe(false);
    }
    expect(() => new KeylessAccess({ auth: 'labs', allow: undefined, listensOn: '127.0.0.1' })).toThrow(
      'AUTH must be lab, or not be set; not "labs".',
    );
  });

  it.each(['0.0.0.0', '::', '192.168.1.5', 'registry.example'])('lab is refused on %s', (listensOn) => {
    expect(() => lab(undefined, listensOn)).toThrow(/^AUTH=lab is for this machine alone, and HOST=/);
    // Without it, that is none of this form's business.
    expect(new KeylessAccess({ auth: '', allow: undefined, listensOn }).isLab).toBe(false);
  });

  it.each(['127.0.0.1', '::1', 'localhost', '127.8.8.8'])('lab is possible on %s', (listensOn) => {
    expect(lab(undefined, listensOn).isLab).toBe(true);
  });
});
