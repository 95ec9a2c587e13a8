#include "fuzz/targets.hpp"

#include <array>

namespace carillon::fuzz {

std::span<const named_target> targets() {
  static constexpr std::array all{
      named_target{"cron", cron},
      named_target{"quartz", quartz},
      named_target{"systemd", systemd},
      named_target{"rrule", rrule},
      named_target{"iso8601", iso8601},
      named_target{"except", except},
      named_target{"ics", ics},
      named_target{"trigger_json", trigger_json},
      named_target{"crontab_import", crontab_import},
      named_target{"systemd_import", systemd_import},
      named_target{"kubernetes_import", kubernetes_import},
      named_target{"apscheduler_import", apscheduler_import},
      named_target{"decode", decode},
  };
  return all;
}

} // namespace carillon::fuzz
