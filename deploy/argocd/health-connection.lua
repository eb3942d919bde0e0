-- The health of a SquareConnection for Argo CD. What waits for its seller, or was suspended or
-- disconnected on purpose, is Suspended and not Degraded.
local health = { status = "Progressing", message = "The operator has not looked at it yet." }
if obj.metadata.deletionTimestamp ~= nil then
  health.message = "It is being deleted."
end
if obj.status == nil or obj.status.conditions == nil then
  return health
end
local is = {}
for _, condition in ipairs(obj.status.conditions) do
  is[condition.type] = condition
end
local ready = is["Ready"]
if ready == nil then
  return health
end
local message = ready.reason .. ": " .. ready.message
if obj.metadata.deletionTimestamp ~= nil then
  health.message = "It is being deleted. " .. message
  return health
end
if obj.status.observedGeneration ~= obj.metadata.generation then
  health.message = "The operator has not looked at the latest change yet."
  return health
end
health.message = message
if is["Stalled"] ~= nil and is["Stalled"].status == "True" then
  health.status = "Degraded"
elseif is["Reconciling"] ~= nil and is["Reconciling"].status == "True" then
  health.status = "Progressing"
elseif ready.status == "True" then
  health.status = "Healthy"
elseif ready.reason == "AwaitingAuthorization" or ready.reason == "Disconnected" or ready.reason == "Suspended" then
  health.status = "Suspended"
end
return health
