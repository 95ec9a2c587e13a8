#pragma once

/// Everything of Carillon's public interface except the actor header.

#include "carillon/command.hpp"
#include "carillon/custom_trigger.hpp"
#include "carillon/event.hpp"
#include "carillon/expected.hpp"
#include "carillon/fire_times.hpp"
#include "carillon/http.hpp"
#include "carillon/ids.hpp"
#include "carillon/job.hpp"
#include "carillon/payload.hpp"
#include "carillon/schedule.hpp"
#include "carillon/scheduler.hpp"
#include "carillon/task.hpp"
#include "carillon/time.hpp"
#include "carillon/trigger.hpp"
#include "carillon/typed_task.hpp"
#include "carillon/value.hpp"
#include "carillon/view.hpp"
