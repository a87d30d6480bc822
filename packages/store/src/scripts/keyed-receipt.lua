--[[
  keyed-receipt: the receipt of the request that came under an Idempotency-Key.

  KEYS
    1 shard       BASE    every key of the shard starts with it
  ARGV
    1 key         its number
    2 keyMs       how long keys are remembered
  RETURNS {receipt, remembered}
    receipt ref; '' = the key is not remembered, or its request wanted no receipt
    remembered 1 = something of its request is stored, 0 = the key is not known
]]
local shard, key, window = KEYS[1], ARGV[1], tonumber(ARGV[2])

local us, now = clock()
local r = find_key(open_generations(shard, KEYED, window, now), key)
return { r and r.receipt ~= NO_RECEIPT and r.receipt or '', r and 1 or 0 }
