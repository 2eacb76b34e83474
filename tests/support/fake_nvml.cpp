// A libnvidia-ml.so whose GPUs are what a scenario file says, for tests without a card. CODA_FAKE_NVML names
// the file; it is read at every call, so that a test can change it. Lines "GPU KEY VALUE"; what is not named
// is not supported. "GPU code N" makes every call on it return N, "GPU hang_ms N" take that long; "init N"
// and "count N" stand alone.
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <thread>

namespace {

constexpr int kSuccess = 0, kNotSupported = 3;

using Scenario = std::map<std::string, std::string>;

Scenario scenario() {
    Scenario out;
    const char* file = std::getenv("CODA_FAKE_NVML");
    std::ifstream in(file ? file : "");
    for (std::string line; std::getline(in, line);) {
        const size_t blank = line.rfind(' ');
        if (blank != std::string::npos) out[line.substr(0, blank)] = line.substr(blank + 1);
    }
    return out;
}

// Device N is the address N + 1. (An old library has no function that asks.)
[[maybe_unused]] std::string gpu(void* device) {
    return std::to_string(reinterpret_cast<uintptr_t>(device) - 1);
}

// The code of a call on a device that gives `key`, and the value where it succeeds.
template <class Number>
int give(void* device, const std::string& key, Number* value) {
    const Scenario now = scenario();
    const auto at = [&](const std::string& name) { return now.find(gpu(device) + " " + name); };
    if (const auto hang = at("hang_ms"); hang != now.end())
        std::this_thread::sleep_for(std::chrono::milliseconds(std::stoi(hang->second)));
    if (const auto code = at("code"); code != now.end()) return std::stoi(code->second);
    const auto found = at(key);
    if (found == now.end()) return kNotSupported;
    if (value) *value = static_cast<Number>(std::stoull(found->second));
    return kSuccess;
}

}  // namespace

extern "C" {

int nvmlInit_v2() {
    const Scenario now = scenario();
    const auto found = now.find("init");
    return found == now.end() ? kSuccess : std::stoi(found->second);
}
int nvmlShutdown() {
    return kSuccess;
}
int nvmlDeviceGetCount_v2(unsigned* count) {
    const Scenario now = scenario();
    const auto found = now.find("count");
    *count = found == now.end() ? 1 : static_cast<unsigned>(std::stoul(found->second));
    return kSuccess;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
    *device = reinterpret_cast<void*>(static_cast<uintptr_t>(index) + 1);
    return kSuccess;
}
#ifndef CODA_FAKE_NVML_MINIMAL
int nvmlDeviceGetUtilizationRates(void* device, unsigned* rates) {
    rates[1] = 0;
    return give(device, "utilization", rates);
}
int nvmlDeviceGetMemoryInfo(void* device, unsigned long long* memory) {
    const int total = give(device, "memory_total", &memory[0]);
    const int used = give(device, "memory_used", &memory[2]);
    memory[1] = memory[0] - memory[2];
    return total ? total : used;
}
int nvmlDeviceGetTemperature(void* device, unsigned, unsigned* value) {
    return give(device, "temperature", value);
}
int nvmlDeviceGetTemperatureThreshold(void* device, unsigned, unsigned* value) {
    return give(device, "threshold", value);
}
int nvmlDeviceGetPowerUsage(void* device, unsigned* value) {
    return give(device, "power", value);
}
int nvmlDeviceGetClockInfo(void* device, unsigned type, unsigned* value) {
    return give(device, type == 2 ? "memory_clock" : "clock", value);
}
int nvmlDeviceGetCurrentClocksThrottleReasons(void* device, unsigned long long* value) {
    return give(device, "throttle", value);
}
int nvmlDeviceGetTotalEccErrors(void* device, unsigned, unsigned, unsigned long long* value) {
    return give(device, "ecc", value);
}
int nvmlDeviceGetMigMode(void* device, unsigned* current, unsigned* pending) {
    *pending = 0;
    return give(device, "mig", current);
}
int nvmlDeviceGetPciInfo_v3(void* device, char* info) {
    std::strcpy(info + 16 + 5 * sizeof(unsigned),
                ("00000000:" + std::to_string(10 + std::stoi(gpu(device))) + ":00.0").c_str());
    return give(device, "pci", static_cast<unsigned*>(nullptr));
}
int nvmlDeviceGetComputeRunningProcesses_v3(void* device, unsigned* count, void* infos) {
    struct Info {
        unsigned pid;
        unsigned long long memory;
        unsigned gpu_instance, compute_instance;
    };
    unsigned wanted = 0;
    const int code = give(device, "processes", &wanted);
    if (code) return code;
    for (unsigned i = 0; i < wanted && i < *count; ++i)
        static_cast<Info*>(infos)[i] = {1000 + i, (i + 1) * 1'000'000ULL, 0, 0};
    *count = wanted;
    return kSuccess;
}
#endif
}
