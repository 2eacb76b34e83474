#include "runtime/backend.h"
#include "runtime/cpu/cpu_executable.h"

#include <cstdlib>
#include <thread>

#include <fmt/format.h>

namespace coda::runtime {
namespace {

class CpuBackend final : public Backend {
  public:
    CpuBackend(cpu::InstructionSet isa, int threads)
        : isa_(isa),
          pool_(std::make_shared<cpu::ThreadPool>(threads)),
          description_(fmt::format("CPU, {}, {} thread{}", isa.title, threads, threads == 1 ? "" : "s")) {}

    Result<std::shared_ptr<const Executable>> compile(std::shared_ptr<const Program> program,
                                                      const CompileOptions& options) override {
        return cpu::CpuExecutable::compile(std::move(program), options, isa_, pool_);
    }
    const std::string& description() const override { return description_; }

  private:
    cpu::InstructionSet isa_;
    std::shared_ptr<cpu::ThreadPool> pool_;
    std::string description_;
};

}  // namespace

std::vector<std::string> cpu_instruction_sets() {
    return cpu::instruction_sets_here();
}

Result<std::unique_ptr<Backend>> create_cpu_backend(const CpuOptions& options) {
    const char* forced = std::getenv("CODA_CPU");
    CODA_TRY(const cpu::InstructionSet isa, cpu::choose_instruction_set(!options.isa.empty() ? options.isa
                                                                        : forced             ? forced
                                                                                             : ""));
    constexpr int kMaxThreads = 256;
    if (options.threads < 0 || options.threads > kMaxThreads)
        return fail(ErrorCode::invalid_argument, fmt::format("{} threads", options.threads), "threads",
                    fmt::format("0 for as many as there are cores, or 1 to {}", kMaxThreads));
    return std::make_unique<CpuBackend>(isa, options.threads > 0 ? options.threads : cpu::usable_cores());
}

}  // namespace coda::runtime
