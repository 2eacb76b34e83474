#include "runtime/cpu/host.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

#include <cpuid.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace coda::runtime::cpu {
namespace {

// Linux gives tile registers only to processes that ask for them.
bool may_use_tiles() {
    constexpr int kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
    return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

struct Features {
    bool avx2 = false, avx512 = false, avx_vnni = false, vnni = false, bf16 = false, amx = false;
};

// What the processor has and the system saves on a switch of threads: __builtin_cpu_supports asks both.
Features detect() {
    __builtin_cpu_init();
    Features has;
    has.avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    unsigned a = 0, b = 0, c = 0, d = 0;
    has.avx2 = has.avx2 && __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
    has.avx512 = has.avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                 __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    has.avx_vnni = has.avx2 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1);
    has.vnni = has.avx512 && __builtin_cpu_supports("avx512vnni");
    has.bf16 = has.vnni && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 5 & 1);
    has.amx = has.bf16 && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d >> 22 & 1) && (d >> 24 & 1) &&
              may_use_tiles();
    return has;
}

std::vector<InstructionSet> all_sets() {
    const Kernels &wide = avx512_kernels(), &avx2 = avx2_kernels();
    const FileRowKernels &words = avx2_file_rows(), &bytes = vnni_file_rows();
    return {{"amx", "AVX-512 and AMX", &wide, &avx512vnni_planes(), &amx_kernels(), &bytes},
            {"avx512bf16", "AVX-512 BF16", &wide, &avx512vnni_planes(), &avx512_bf16_kernels(), &bytes},
            {"avx512vnni", "AVX-512 VNNI", &wide, &avx512vnni_planes(), nullptr, &bytes},
            {"avx512", "AVX-512", &wide, &avx2_planes(), nullptr, &words},
            {"avxvnni", "AVX-VNNI", &avx2, &avxvnni_planes(), nullptr, &bytes},
            {"avx2", "AVX2", &avx2, &avx2_planes(), nullptr, &words},
            {"avx512vl", "AVX2 and VNNI of 256 bits", &avx2, &avx512vl_planes(), nullptr, &bytes},
            {"baseline", "x86-64-v2", &baseline_kernels(), nullptr, nullptr, nullptr}};
}

bool supported(const InstructionSet& set, const Features& has) {
    const std::string name = set.name;
    if (name == "avx2") return has.avx2;
    if (name == "avx512") return has.avx512;
    if (name == "avxvnni") return has.avx_vnni;
    if (name == "avx512vnni" || name == "avx512vl") return has.vnni;
    if (name == "avx512bf16") return has.bf16;
    if (name == "amx") return has.amx;
    return true;
}

std::string read_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

// CPUs that one cpu.max grants: "max 100000" for no limit, "150000 100000" for one and a half.
double quota_of(const std::string& cpu_max) {
    std::istringstream fields(cpu_max);
    double quota = 0, period = 0;
    if (fields >> quota >> period && period > 0) return quota / period;
    return INFINITY;
}

}  // namespace

std::vector<std::string> instruction_sets_here() {
    const Features has = detect();
    std::vector<std::string> names;
    for (const InstructionSet& set : all_sets())
        if (supported(set, has)) names.emplace_back(set.name);
    return names;
}

Result<InstructionSet> choose_instruction_set(const std::string& wanted) {
    const Features has = detect();
    std::string names;
    for (const InstructionSet& set : all_sets()) {
        names += names.empty() ? set.name : fmt::format(", {}", set.name);
        if (!wanted.empty() && wanted != set.name) continue;
        if (supported(set, has)) return set;
        if (!wanted.empty())
            return fail(ErrorCode::unsupported, fmt::format("this processor has no {}", set.title),
                        "CODA_CPU", "unset it to take the best there is");
    }
    return fail(ErrorCode::invalid_argument, fmt::format("\"{}\" is no instruction set", wanted), "CODA_CPU",
                fmt::format("one of {}", names));
}

double cgroup_quota(const HostFiles& files) {
    std::ifstream membership(files.membership);
    std::string group;
    for (std::string line; std::getline(membership, line);)
        if (line.starts_with("0::/")) group = line.substr(3);
    double quota = quota_of(read_line(files.cgroups + "/cpu.max"));
    while (group.size() > 1) {
        quota = std::min(quota, quota_of(read_line(files.cgroups + group + "/cpu.max")));
        group.resize(group.find_last_of('/'));
    }
    return quota;
}

int physical_cores(std::span<const int> processors, const HostFiles& files) {
    std::set<std::string> cores;
    for (const int processor : processors) {
        const std::string topology = fmt::format("{}/cpu{}/topology/", files.processors, processor);
        const std::string core = read_line(topology + "core_id");
        cores.insert(core.empty() ? fmt::format("cpu {}", processor)
                                  : read_line(topology + "physical_package_id") + ":" + core);
    }
    return static_cast<int>(cores.size());
}

int usable_cores(const HostFiles& files) {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
    std::vector<int> processors;
    for (int processor = 0; processor < CPU_SETSIZE; ++processor)
        if (CPU_ISSET(processor, &allowed)) processors.push_back(processor);
    const int count = physical_cores(processors, files);
    const double quota = std::ceil(cgroup_quota(files));
    return std::max(1, quota < count ? static_cast<int>(quota) : count);
}

}  // namespace coda::runtime::cpu
