--[[
  keyed-receipt: the receipt of the request that came under an Idempotency-Key.

  KEYS
    1 shard       BASE    every key of the shard starts with it
  ARGV
    1 key         its number
    2 keyMs       how long keys are remembered
  RETURNS {receipt}
    receipt ref; '' = the key is not remembered, or its request wanted no receipt
]]
local shard, key, window = KEYS[1], ARGV[1], tonumber(ARGV[2])

local us, now = clock()
local r = find_key(open_generations(shard, KEYED, window, now), key)
return { r and r.receipt ~= NO_RECEIPT and r.receipt or '' }
