-- Shared preamble: how an owner is written.

-- Joined, not formatted: that takes a third of the time where all are texts.
local function owner_format(owner)
	return owner.node .. ' ' .. owner.connection .. ' ' .. owner.generation .. ' ' .. owner.client .. ' ' .. owner.opened_at
		.. ' ' .. owner.tier .. ' ' .. owner.replaced .. ' ' .. owner.window
end

-- Notes in `owner` that it follows on no page of its client: the field is empty, or `victim` is of another client. Returns a verdict
-- as succeed() does.
local function owner_begin(owner, victim, now)
	owner.replaced, owner.window = '0', now
	if owner.page ~= '' then
		owner.tier = owner.tier .. '/' .. owner.page .. '/'
	end
	return victim and 'takeover' or 'free'
end
