--[[
  alert: decide who tells a person of a state that begins or ends, keep that it was told, or list what is there.

  KEYS
    1 shard       BASE    every key of the shard starts with it
  ARGV
    1 action          sight, told or keys
    2 key             what and whose
    3 present         1 = the state is there
    4 tellMs          how long who is asked to tell has for it
    5 triesMax        after so many that nobody said were told it counts as told
    6 alertsMax       more than these are not kept
  RETURNS {status, key, ...}
    begin    sight: the caller is to tell that it began
    end      sight: the caller is to tell that it ended
    none     sight: nothing to tell, or another one is telling
    kept     told: it is kept that it was told
    keys     keys: every key follows
  WHY ONE SCRIPT
    Two consoles see the same at the same moment, and a person is to be told once.
]]
local shard, action, key, present = KEYS[1], ARGV[1], ARGV[2], ARGV[3] == '1'
local tell_ms, tries_max, alerts_max = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

local us, now = clock()
local alerts = shard .. 'alerts'
if action == 'keys' then
  local keys, fields = { 'keys' }, redis.call('HGETALL', alerts)
  for j = 1, #fields, 2 do keys[#keys + 1] = fields[j] end
  return keys
end
-- begun; or beginning or ending, until when somebody tells it, and how often that was tried.
local phase, until_ms, tries = string.match(redis.call('HGET', alerts, key) or '', '(%a+) ?(%d*) ?(%d*)')
until_ms, tries = tonumber(until_ms) or 0, tonumber(tries) or 0
local function keep(as) redis.call('HSET', alerts, key, as) end
local function tell(as, said)
  keep(string.format('%s %.0f %d', as, now + tell_ms, tries + 1))
  return { said }
end

if action == 'told' then
  if phase == 'beginning' then keep('begun') elseif phase == 'ending' then redis.call('HDEL', alerts, key) end
  return { 'kept' }
end
if phase and phase ~= 'begun' and until_ms > now then return { 'none' } end
if not phase then
  if present and redis.call('HLEN', alerts) < alerts_max then return tell('beginning', 'begin') end
elseif phase == 'beginning' then
  if not present then redis.call('HDEL', alerts, key)
  elseif tries < tries_max then return tell('beginning', 'begin')
  else keep('begun') end
elseif phase == 'begun' then
  tries = 0
  if not present then return tell('ending', 'end') end
elseif present then keep('begun')
elseif tries < tries_max then return tell('ending', 'end')
else redis.call('HDEL', alerts, key) end
return { 'none' }
