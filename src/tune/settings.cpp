#include "tune/settings.h"

#include "tune/workload_profile.h"

namespace coda::tune {

void declare(Settings& settings, TuneSettings& to) {
    settings.declare(
        "tune.apply", &to.apply,
        "Take what `coda tune` found for this machine and these models, where nothing else sets it.");
    settings.declare("tune.workload", &to.workload, "What is made fast (docs/tuning.md).",
                     SettingRules::one_of(workload_names()));
    settings.declare("tune.cache_entries", &to.cache_entries,
                     "Plans that are kept; the one unused for longest goes first.",
                     SettingRules::between(1, 100000));
    settings.declare("tune.rounds", &to.rounds, "How often `coda tune` measures each of two in turn.",
                     SettingRules::between(5, 99));
}

}  // namespace coda::tune
