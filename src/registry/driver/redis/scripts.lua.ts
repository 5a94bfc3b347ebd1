import { limits } from '../../limits.ts';
import { prologue, type ScriptSettings } from './prologue.lua.ts';

/** ARGV from 3: service, id, incarnation, leaseMs, sequence or nothing, bytes, the instance as JSON. */
const put = `
local service, id, incarnation, lease_ms = ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local sequence, length, json = ARGV[7], tonumber(ARGV[8]), ARGV[9]
local field = service .. '/' .. id
local lease = read(field)

local ordered = '^' .. string.rep('[0-9a-z]', 9) .. '%-' .. string.rep('[0-9a-f]', 8) .. '$'
-- Byte by byte: Redis compares texts by the locale it was started with.
local function is_earlier(left, right)
  for at = 1, #left do
    local one, other = string.byte(left, at), string.byte(right, at)
    if one ~= other then return one < other end
  end
  return false
end
local function may_replace(candidate, current)
  if not string.match(candidate, ordered) or not string.match(current, ordered) then return true end
  return not is_earlier(candidate, current)
end

if redis.call('ZSCORE', fences, field .. '/' .. incarnation)
  or (lease and not may_replace(incarnation, lease.incarnation)) then
  return word('fenced', lease and lease.json or '')
end
local renews = lease and lease.incarnation == incarnation
if renews and sequence ~= '' then
  local before = redis.call('HGET', sequences, field)
  if before and (before == '' or tonumber(sequence) <= tonumber(before)) then return word('listed', 0) end
end
local changed = not lease or lease.json ~= json
if not changed then length = lease.bytes end
if not lease and size >= ${limits.instancesMax} then return word('full', 'instancesMax') end
if length > ${limits.instanceBytesMax} then return word('full', 'instanceBytesMax') end
local others = bytes - (lease and lease.bytes or 0)
if others + length > ${limits.listBytesMax} then return word('full', 'listBytesMax') end

bytes = others + length
redis.call('ZADD', leases, clock + lease_ms, field)
redis.call('ZADD', renewals, clock + lease_ms - math.floor(lease_ms / 3), field)
redis.call('HSET', sequences, field, sequence)
if not lease then size = size + 1 end
if lease and not renews and may_replace(lease.incarnation, incarnation) then
  fence(field, lease.incarnation)
end
if changed then
  redis.call('HSET', instances, field, incarnation .. '\\n' .. whole_number(length) .. '\\n' .. json)
  change('"kind":"put","service":' .. cjson.encode(service) .. ',"instance":' .. json)
end
return word('listed', changed and 1 or 0)
`;

/** ARGV from 3: service, id, incarnation. */
const remove = `
local service, id, incarnation = ARGV[3], ARGV[4], ARGV[5]
local lease = read(service .. '/' .. id)
fence(service .. '/' .. id, incarnation)
if not lease or lease.incarnation ~= incarnation then return word(0) end
drop(service, id, lease, 'withdrawn')
return word(1)
`;

/** Ends warming and drops what ran out. Says at the end what became of a mass expiry, if anything did. */
const tick = ({ massExpiryHoldMs, massExpiryRecoverMs }: ScriptSettings): string => `
if warm and clock >= warm then
  warm = nil
  redis.call('HDEL', state, 'warm')
end
local gone = redis.call('ZCOUNT', leases, '-inf', clock)
local quiet = gone > 0 and redis.call('ZCOUNT', renewals, '-inf', clock) or 0
local most = quiet >= ${limits.massExpiryMin} and quiet * 2 > size
local said = ''
silent, total = quiet, size
if gone > 0 and (held or most) then
  if not held then
    held, recovering, said = clock + ${massExpiryHoldMs}, false, 'held'
  end
  if not most and not recovering then
    recovering, held = true, math.min(held, clock + ${massExpiryRecoverMs})
  end
  if clock < held then
    redis.call('HSET', state, 'held', held, 'silent', silent, 'total', total,
      'recovering', recovering and 1 or 0)
    return word(said, silent, total)
  end
  said = 'released'
end
held = nil
redis.call('HDEL', state, 'held', 'silent', 'total', 'recovering')
for _, field in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', clock)) do
  local slash = string.find(field, '/', 1, true)
  drop(string.sub(field, 1, slash - 1), string.sub(field, slash + 1), read(field), 'expired')
end
return word(said, silent, total)
`;

const status = 'return word()';

const load = ({ historyMax }: ScriptSettings): string => `
return word(redis.call('HGETALL', instances),
  redis.call('XREVRANGE', changes, '+', '-', 'COUNT', ${historyMax}))
`;

export type ScriptName = 'put' | 'remove' | 'tick' | 'status' | 'load';

/** The scripts, each whole in itself. */
export function scriptsFor(settings: ScriptSettings): Readonly<Record<ScriptName, string>> {
  const opening = prologue(settings);
  return {
    put: opening + put,
    remove: opening + remove,
    tick: opening + tick(settings),
    status: opening + status,
    load: opening + load(settings),
  };
}
