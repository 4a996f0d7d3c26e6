-- Says which messages users acknowledged: those of them of which a verdict is awaited are delivered.
--
-- KEYS  1 verdicts that are awaited
-- ARGV  1 prefix of keys, then "<id> <user>" of each message that a user acknowledged (200)
-- Returns the number of verdicts. The stream of events is trimmed by sweep-receipts.

if redis.call('EXISTS', KEYS[1]) == 0 then
	return 0
end
-- What fails for a key of another type comes before the first write. Else what is awaited would be gone without a verdict.
redis.call('XLEN', ARGV[1] .. 'receipts')
local now, verdicts = time_ms(), 0
for i = 2, #ARGV do
	if verdict_give(ARGV[1], ARGV[i], now, 'receipt.delivered', '') then
		verdicts = verdicts + 1
	end
end
return verdicts
