#include "runtime/settings.h"

namespace coda::runtime {

void declare(Settings& settings, RuntimeSettings& to) {
    settings.declare("runtime.threads", &to.threads, "0: as many as this process may use.",
                     SettingRules::between(0, 1024));
}

}  // namespace coda::runtime
