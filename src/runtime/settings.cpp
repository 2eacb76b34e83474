#include "runtime/settings.h"

namespace coda::runtime {

void declare(Settings& settings, RuntimeSettings& to) {
    settings.declare("runtime.threads", &to.threads, "0: as many as this process may use.",
                     SettingRules::between(0, 1024));
    settings.declare("gpu.policy", &to.gpu.policy,
                     "auto: the GPU where it works, else the CPU; require: fail without it; off: the CPU.",
                     SettingRules::one_of({"auto", "require", "off"}));
    settings.declare("gpu.plugin", &to.gpu.plugin,
                     "The CUDA plug-in's file. Empty: libcoda_cuda.so beside the program.");
}

}  // namespace coda::runtime
