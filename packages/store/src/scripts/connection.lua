--[[
  connection: read the counts of a connection as of one moment.

  KEYS
    1 connection  BASE    every key of the connection starts with it
  ARGV
  RETURNS {nowMs, meta, bucket, oldestMs, leased, deadLetters, parked, leases}
    meta and bucket are name, value, ...; oldestMs 0 = nothing is waiting or leased; leased counts entries
]]
local base = KEYS[1]

local us, now = clock()
local leased, oldest = 0, oldest_head(base)
for _, lease in ipairs(redis.call('ZRANGE', base .. 'lease', 0, 99)) do
  for _, entry in ipairs(redis.call('LRANGE', base .. 'l:' .. lease, 4, -1)) do
    leased, oldest = leased + 1, math.min(oldest, accepted_of(entry))
  end
end
for _, order in ipairs({ 'later', 'whole' }) do
  for _, group in ipairs(redis.call('ZRANGE', base .. order, 0, 99)) do
    oldest = math.min(oldest, accepted_of(redis.call('LINDEX', base .. 'g:' .. group, 1)))
  end
end
if oldest == math.huge then oldest = 0 end
return { now, redis.call('HGETALL', base .. 'meta'), redis.call('HGETALL', base .. 'q'), string.format('%.0f', oldest), leased, redis.call('XLEN', base .. 'dead'), redis.call('XLEN', base .. 'parked'), redis.call('ZCARD', base .. 'lease') }
