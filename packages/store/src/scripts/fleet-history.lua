--[[
  fleet-history: keep a sample of the fleet for the charts of every console, or list some of those that are kept.

  KEYS
    1 shard       BASE    every key of the shard starts with it
  ARGV
    1 action        keep or list
    2 text          keep: the sample
    3 apartMs       keep: nothing happens when one was kept within so long
    4 samplesMax    keep: of more the oldest go
    5 keptMs        keep: so long after the last one none is left
    6 from          list: leaves out so many of the oldest
    7 page          list: at most so many
  RETURNS {status, sample, ...}
    kept     it is kept
    early    another one was kept a moment ago; nothing changed
    samples  the samples follow, oldest first
  WHY ONE SCRIPT
    Several consoles look at the same moment, and one of them is to keep what it saw.
]]
local shard, action, text, apart_ms = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local samples_max, kept_ms, from, page = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

local us, now = clock()
local samples, sampled_at = shard .. 'history', shard .. 'historyAt'
if action == 'list' then
  local out = { 'samples' }
  for _, sample in ipairs(redis.call('LRANGE', samples, from, from + page - 1)) do out[#out + 1] = sample end
  return out
end
local last = tonumber(redis.call('GET', sampled_at) or -math.huge)
-- A clock that was set back must not end the samples.
if now >= last and now - last < apart_ms then return { 'early' } end
redis.call('SET', sampled_at, string.format('%.0f', now), 'PX', kept_ms)
redis.call('RPUSH', samples, text)
redis.call('PEXPIRE', samples, kept_ms)
redis.call('LTRIM', samples, -samples_max, -1)
return { 'kept' }
