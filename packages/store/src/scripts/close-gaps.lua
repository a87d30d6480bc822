--[[
  close-gaps: one step of writing a list of the dead or parked anew, without the bytes of what was taken out of it.

  KEYS
    1 connection  BASE    every key of the connection starts with it
  ARGV
    1 stream        dead or parked
    2 cursor        as this script answered it; '' = begin
    3 entriesMax    of a step
    4 keptMs        so long after its last step what was written stays
  RETURNS {status, cursor}
    copied   the cursor says how far; the list itself is as it was
    closed   there are no gaps, or no longer
    changed  the list changed meanwhile, or somebody else began: begin anew
  WHY ONE SCRIPT
    The new list takes the place of the old one in the moment in which both hold the same.
]]
local base, stream, cursor, most, kept_ms = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])

local old, new, gaps = base .. stream, base .. stream .. 'Anew', stream .. 'Gaps'
if not redis.call('HGET', base .. 'meta', gaps) then return { 'closed', '' } end
if redis.call('XLEN', old) == 0 then
  redis.call('HDEL', base .. 'meta', gaps)
  redis.call('UNLINK', new)
  return { 'closed', '' }
end
local last = redis.call('XREVRANGE', new, '+', '-', 'COUNT', 1)[1]
if cursor ~= '' and (not last or last[1] ~= cursor) then return { 'changed', '' } end
local read = redis.call('XRANGE', old, cursor == '' and '-' or '(' .. cursor, '+', 'COUNT', most)
local there = cursor == '' and 0 or redis.call('XLEN', new)
local is_end, is_same = #read < most, there + #read == redis.call('XLEN', old)
if is_end and not is_same then
  redis.call('UNLINK', new)
  return { 'changed', '' }
end
if cursor == '' then redis.call('UNLINK', new) end
for _, raw in ipairs(read) do redis.call('XADD', new, raw[1], unpack(raw[2])) end
if not is_end then
  redis.call('PEXPIRE', new, kept_ms)
  return { 'copied', read[#read][1] }
end
redis.call('PERSIST', new)
redis.call('HDEL', base .. 'meta', gaps)
redis.call('UNLINK', old)
redis.call('RENAME', new, old)
return { 'closed', '' }
