#include "monitor/nvml.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <string_view>

#include <dlfcn.h>
#include <unistd.h>

namespace coda::monitor {
namespace {

// The library's binary interface, as far as it is used (NVIDIA's NVML API reference).
using Device = void*;
enum Return : int { kSuccess = 0, kGpuIsLost = 15 };

struct LoadRates {
    unsigned gpu, memory;  // percent
};
struct Memory {
    unsigned long long total, free, used;  // bytes
};
struct PciInfo {
    char bus_id_legacy[16];
    unsigned domain, bus, device, device_id, subsystem_id;
    char bus_id[32];
};
struct ProcessInfo {
    unsigned pid;
    unsigned long long used_memory;
    unsigned gpu_instance, compute_instance;
};
constexpr unsigned long long kUnknownMemory = ~0ULL;
constexpr unsigned kMostGpus = 64, kMostProcesses = 256;
constexpr unsigned kTemperatureSensor = 0, kSlowdownThreshold = 1;
constexpr unsigned kGraphicsClock = 0, kMemoryClock = 2;
constexpr unsigned kUncorrected = 1, kSinceStart = 0;
constexpr unsigned long long kPowerReasons = 0x4 | 0x80;  // software cap, power brake
constexpr unsigned long long kHeatReasons = 0x20 | 0x40;  // software and hardware thermal slowdown

std::string first_line(const std::filesystem::path& file) {
    std::string line;
    std::ifstream in(file);
    std::getline(in, line);
    return line;
}

bool suspended(const std::filesystem::path& pci_device) {
    return first_line(pci_device / "power/runtime_status") == "suspended";
}

}  // namespace

struct Nvml::Table {
    int (*init)() = nullptr;
    int (*shutdown)() = nullptr;
    int (*count)(unsigned*) = nullptr;
    int (*handle)(unsigned, Device*) = nullptr;
    int (*utilization)(Device, LoadRates*) = nullptr;
    int (*memory)(Device, Memory*) = nullptr;
    int (*temperature)(Device, unsigned, unsigned*) = nullptr;
    int (*threshold)(Device, unsigned, unsigned*) = nullptr;
    int (*power)(Device, unsigned*) = nullptr;
    int (*power_limit)(Device, unsigned*) = nullptr;
    int (*clock)(Device, unsigned, unsigned*) = nullptr;
    int (*throttle)(Device, unsigned long long*) = nullptr;
    int (*pcie_generation)(Device, unsigned*) = nullptr;
    int (*pcie_width)(Device, unsigned*) = nullptr;
    int (*ecc)(Device, unsigned, unsigned, unsigned long long*) = nullptr;
    int (*mig)(Device, unsigned*, unsigned*) = nullptr;
    int (*pci)(Device, PciInfo*) = nullptr;
    int (*processes)(Device, unsigned*, ProcessInfo*) = nullptr;
};

bool all_gpus_asleep(const std::filesystem::path& root) {
    std::error_code missing;
    bool any = false;
    for (const auto& device : std::filesystem::directory_iterator(root / "sys/bus/pci/devices", missing)) {
        const bool gpu = first_line(device.path() / "vendor") == "0x10de" &&
                         first_line(device.path() / "class").starts_with("0x03");
        if (!gpu) continue;
        if (!suspended(device.path())) return false;
        any = true;
    }
    return any;
}

Nvml::Nvml(std::filesystem::path root) : root_(std::move(root)), table_(std::make_unique<Table>()) {}

Nvml::~Nvml() {
    if (started_ && table_->shutdown) table_->shutdown();
    if (library_) dlclose(library_);
}

Result<std::unique_ptr<Nvml>> Nvml::open(const std::filesystem::path& library, std::filesystem::path root) {
    std::unique_ptr<Nvml> nvml(new Nvml(std::move(root)));
    const std::string name = library.empty() ? "libnvidia-ml.so.1" : library.string();
    nvml->library_ = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!nvml->library_)
        return fail(ErrorCode::not_found, "there is no NVIDIA driver library", name,
                    library.empty() ? "" : "correct monitor.nvml");
    Table& table = *nvml->table_;
    const auto find = [&](auto& function, const char* symbol) {
        function = reinterpret_cast<std::decay_t<decltype(function)>>(dlsym(nvml->library_, symbol));
    };
    find(table.init, "nvmlInit_v2");
    find(table.shutdown, "nvmlShutdown");
    find(table.count, "nvmlDeviceGetCount_v2");
    find(table.handle, "nvmlDeviceGetHandleByIndex_v2");
    find(table.utilization, "nvmlDeviceGetUtilizationRates");
    find(table.memory, "nvmlDeviceGetMemoryInfo");
    find(table.temperature, "nvmlDeviceGetTemperature");
    find(table.threshold, "nvmlDeviceGetTemperatureThreshold");
    find(table.power, "nvmlDeviceGetPowerUsage");
    find(table.power_limit, "nvmlDeviceGetEnforcedPowerLimit");
    find(table.clock, "nvmlDeviceGetClockInfo");
    find(table.throttle, "nvmlDeviceGetCurrentClocksThrottleReasons");
    find(table.pcie_generation, "nvmlDeviceGetCurrPcieLinkGeneration");
    find(table.pcie_width, "nvmlDeviceGetCurrPcieLinkWidth");
    find(table.ecc, "nvmlDeviceGetTotalEccErrors");
    find(table.mig, "nvmlDeviceGetMigMode");
    find(table.pci, "nvmlDeviceGetPciInfo_v3");
    find(table.processes, "nvmlDeviceGetComputeRunningProcesses_v3");
    if (!table.init || !table.count || !table.handle)
        return fail(ErrorCode::unsupported, "the NVIDIA library lacks the functions that start it", name,
                    "update the driver");
    if (const int code = table.init(); code != kSuccess)
        return fail(ErrorCode::unavailable,
                    "the NVIDIA driver does not answer (" + std::to_string(code) + ")", name,
                    "nvidia-smi says more");
    nvml->started_ = true;
    return nvml;
}

Readings Nvml::read() {
    Readings out;
    unsigned count = 0;
    if (table_->count(&count) != kSuccess) return out;
    for (unsigned index = 0; index < std::min(count, kMostGpus); ++index) {
        const std::string prefix = "gpu" + std::to_string(index) + ".";
        Device device = nullptr;
        const int code = table_->handle(index, &device);
        if (code != kSuccess) {
            if (code == kGpuIsLost) out[prefix + "lost"] = 1;
            continue;
        }
        const bool sleeps = asleep(device);
        out[prefix + "asleep"] = sleeps;
        if (!sleeps) read_device(index, device, out);
    }
    return out;
}

bool Nvml::asleep(void* device) const {
    PciInfo info{};
    if (!table_->pci || table_->pci(device, &info) != kSuccess) return false;
    info.bus_id[sizeof(info.bus_id) - 1] = '\0';
    // "00000000:65:00.0" here, "0000:65:00.0" in /sys, in lower case.
    std::string id = info.bus_id;
    if (const size_t colon = id.find(':'); colon != std::string::npos && colon > 4) id.erase(0, colon - 4);
    std::transform(id.begin(), id.end(), id.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const bool plain = !id.empty() && id.find('/') == std::string::npos;
    return plain && suspended(root_ / "sys/bus/pci/devices" / id);
}

void Nvml::read_device(unsigned index, void* device, Readings& out) const {
    const std::string prefix = "gpu" + std::to_string(index) + ".";
    bool lost = false;
    // Calls what is there; whether it gave an answer.
    const auto gives = [&](auto function, auto... arguments) {
        if (!function) return false;
        const int code = function(device, arguments...);
        lost = lost || code == kGpuIsLost;
        return code == kSuccess;
    };
    const auto put = [&](const char* name, double value) { out[prefix + name] = value; };

    LoadRates utilization{};
    if (gives(table_->utilization, &utilization)) {
        put("utilization", utilization.gpu / 100.0);
        put("memory_utilization", utilization.memory / 100.0);
    }
    Memory memory{};
    if (gives(table_->memory, &memory) && memory.total > 0) {
        put("memory_used_bytes", static_cast<double>(memory.used));
        put("memory_total_bytes", static_cast<double>(memory.total));
        put("memory_free_share", static_cast<double>(memory.free) / static_cast<double>(memory.total));
    }
    unsigned value = 0, limit = 0;
    if (gives(table_->temperature, kTemperatureSensor, &value)) {
        put("temperature_celsius", value);
        if (gives(table_->threshold, kSlowdownThreshold, &limit))
            put("temperature_margin_celsius", static_cast<double>(limit) - value);
    }
    if (gives(table_->power, &value)) put("power_watts", value / 1000.0);
    if (gives(table_->power_limit, &value)) put("power_limit_watts", value / 1000.0);
    if (gives(table_->clock, kGraphicsClock, &value)) put("clock_hertz", value * 1e6);
    if (gives(table_->clock, kMemoryClock, &value)) put("memory_clock_hertz", value * 1e6);
    unsigned long long wide = 0;
    if (gives(table_->throttle, &wide)) {
        put("throttled_by_heat", (wide & kHeatReasons) != 0);
        put("throttled_by_power", (wide & kPowerReasons) != 0);
    }
    if (gives(table_->pcie_generation, &value)) put("pcie_generation", value);
    if (gives(table_->pcie_width, &value)) put("pcie_lanes", value);
    if (gives(table_->ecc, kUncorrected, kSinceStart, &wide))
        put("ecc_uncorrected", static_cast<double>(wide));
    unsigned pending = 0;
    if (gives(table_->mig, &value, &pending)) put("mig", value);
    if (const auto all = lost ? std::nullopt : processes(index)) {
        put("processes", static_cast<double>(all->size()));
        for (const Process& process : *all)
            if (process.pid == static_cast<unsigned>(getpid()))
                put("own_memory_bytes", static_cast<double>(process.memory_bytes));
    }
    put("lost", lost);
}

std::optional<std::vector<Nvml::Process>> Nvml::processes(unsigned gpu) const {
    Device device = nullptr;
    std::array<ProcessInfo, kMostProcesses> found{};
    unsigned count = kMostProcesses;
    if (!table_->processes || table_->handle(gpu, &device) != kSuccess ||
        table_->processes(device, &count, found.data()) != kSuccess)
        return std::nullopt;
    std::vector<Process> out;
    for (unsigned i = 0; i < std::min(count, kMostProcesses); ++i)
        out.push_back({found[i].pid, found[i].used_memory == kUnknownMemory ? 0 : found[i].used_memory});
    std::stable_sort(out.begin(), out.end(),
                     [](const Process& a, const Process& b) { return a.memory_bytes > b.memory_bytes; });
    return out;
}

}  // namespace coda::monitor
