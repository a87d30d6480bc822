--[[
  forget: take a connection that holds nothing out of everything that is kept; what waits may be discarded for it first.

  KEYS
    1 connection  BASE    every key of the connection starts with it
    2 shard       BASE    every key of the shard starts with it
  ARGV
    1 connectionId
    2 discard         1 = what waits is discarded first, while the connection is paused or held
    3 lookedAtMax     of what waits, at a time
    4 entriesMax
    5 receiptTtlMs
  RETURNS {status, pending, dead, parked, discarded}
    forgotten  nothing of it is left but what receipts say
    holds      it has entries that are neither delivered nor discarded; nothing changed
    moving     what waits is not discarded, because it may be delivered at any moment; nothing changed
    discarding  some of what waits was discarded, and more may be left: asked again, the rest goes, and at
                last the connection
    unknown    it never had an entry, or was forgotten before
  WHY ONE SCRIPT
    An activity may be accepted for it at any moment: then it holds something, or is there anew with it.
]]
local base, shard, id, discard, looked_at_max, cap, ttl = KEYS[1], KEYS[2], ARGV[1], ARGV[2] == '1', tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])

if redis.call('SISMEMBER', shard .. 'connections', id) == 0 then return { 'unknown', 0, 0, 0, 0 } end
local m = redis.call('HMGET', base .. 'meta', 'pending', 'paused', 'block')
local pending, dead, parked = tonumber(m[1] or 0), redis.call('XLEN', base .. 'dead'), redis.call('XLEN', base .. 'parked')
if pending > 0 and discard then
  if not m[2] and m[3] ~= 'held' then return { 'moving', pending, dead, parked, 0 } end
  local gone = discard_delayed(base, shard, looked_at_max, ttl)
  gone = gone + discard_waiting(base, shard, looked_at_max - gone, cap, ttl)
  return { 'discarding', pending - gone, dead, parked, gone }
end
if pending + dead + parked > 0 then return { 'holds', pending, dead, parked, 0 } end
redis.call('ZREM', shard .. 'wake', id)
redis.call('SREM', shard .. 'connections', id)
for _, name in ipairs({ 'meta', 'q', 'dead', 'parked', 'unknown', 'calls', 'errors', 'accepted', 'erasing' }) do redis.call('DEL', base .. name) end
return { 'forgotten', 0, 0, 0, 0 }
