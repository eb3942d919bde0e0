-- The health of a SquareApplication for Argo CD.
local health = { status = "Progressing", message = "The operator has not looked at it yet." }
if obj.metadata.deletionTimestamp ~= nil then
  health.message = "It is being deleted."
  return health
end
if obj.status == nil or obj.status.conditions == nil then
  return health
end
if obj.status.observedGeneration ~= obj.metadata.generation then
  health.message = "The operator has not looked at the latest change yet."
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
health.message = ready.reason .. ": " .. ready.message
if is["Stalled"] ~= nil and is["Stalled"].status == "True" then
  health.status = "Degraded"
elseif ready.status == "True" then
  health.status = "Healthy"
end
return health
