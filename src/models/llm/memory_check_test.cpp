#include "models/llm/memory_check.h"

#include "models/llm/decoder_program.h"
#include "models/llm/llm.h"
#include "models/llm/test_files.h"
#include "runtime/backend.h"

#include <gtest/gtest.h>

namespace coda::models::llm {
namespace {

TEST(MemoryNeed, IsWhatTheBackendThenTakes) {
    const auto weights = packaged_weights();
    const auto config = read_decoder_config(*weights);
    ASSERT_TRUE(config);
    const auto program = record_decoder(weights, *config, 1024);
    ASSERT_TRUE(program);
    const MemoryNeed need = memory_need(*weights, *program->program, runtime::Weights::Access::map);
    auto backend = runtime::create_cpu_backend({.threads = 1});
    ASSERT_TRUE(backend);
    const auto executable = (*backend)->compile(program->program, {});
    ASSERT_TRUE(executable);
    EXPECT_EQ(need.caches + need.activations, (*executable)->state_bytes());
    EXPECT_NEAR(static_cast<double>(need.weights), static_cast<double>((*executable)->weight_bytes()),
                0.02 * static_cast<double>(need.weights));
    EXPECT_EQ(memory_need(*weights, *program->program, runtime::Weights::Access::read).file, need.weights);
}

TEST(MemoryNeed, AModelThatDoesNotFitIsRefusedWithTheFigures) {
    auto backend = runtime::create_cpu_backend({.threads = 1});
    ASSERT_TRUE(backend);
    LlmOptions options;
    options.available = AvailableMemory{60'000'000, "this container"};
    const auto refused = open_llm(packaged_gguf(), **backend, options);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::exhausted);
    const std::string message = refused.error().message();
    EXPECT_NE(message.find("needs 0.2 GB of memory (weights 0.1, keys and values 0."), std::string::npos)
        << message;
    EXPECT_NE(message.find("this container has 0.1 GB free"), std::string::npos) << message;
}

}  // namespace
}  // namespace coda::models::llm
