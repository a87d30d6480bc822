--[[
  ended-receipts: which of these receipts nobody needs to wait for any more.

  KEYS
    1 shard       BASE    every key of the shard starts with it
  ARGV
    1 receipts    receipt refs, one argument each, at most 256
  RETURNS {receipt, ...}
    those that are final, and those that are not there
]]
local shard = KEYS[1]

local ended = {}
for _, ref in ipairs(ARGV) do
  local r = redis.call('HMGET', shard .. 'r:' .. ref, 'left', 'complete')
  if not r[1] or (r[2] and tonumber(r[1]) <= 0) then ended[#ended + 1] = ref end
end
return ended
