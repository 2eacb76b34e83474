#include "base/paths.h"
#include "models/onnx/library.h"
#include "models/onnx/session.h"

#include <cstdlib>
#include <fstream>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace coda::models::onnx {
namespace {

std::filesystem::path vad_file() {
    return paths::model_dir("silero-vad") / "silero_vad.onnx";
}
std::filesystem::path turn_file() {
    return paths::model_dir("smart-turn") / "smart-turn-v3.2-cpu.onnx";
}

// A folder of this test's own, removed at the end.
class Onnx : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "coda_onnx_XXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    std::filesystem::path write(const std::string& name, const std::string& bytes) const {
        std::ofstream(folder_ / name, std::ios::binary) << bytes;
        return folder_ / name;
    }
    std::filesystem::path folder_;
};

// Every declared slot is called directly, so that a wrong index or signature shows here and nowhere else.
TEST_F(Onnx, EverySlotAnswersAsDeclared) {
    auto opened = Library::open();
    ASSERT_TRUE(opened) << opened.error().message();
    const Library& library = **opened;
    const abi::Api& api = library.api();
    EXPECT_EQ(library.version().substr(0, 2), "1.");
    const auto ok = [&](abi::Status* status) {
        const Status result = library.check(status, "test");
        EXPECT_TRUE(result) << result.error().message();
    };

    abi::Env* env = nullptr;
    ok(api.create_env(abi::kLogFatal, "slots", &env));
    abi::Allocator* allocator = nullptr;
    ok(api.get_default_allocator(&allocator));
    abi::MemoryInfo* memory = nullptr;
    ok(api.create_cpu_memory_info(abi::kArenaAllocator, abi::kMemoryDefault, &memory));
    abi::SessionOptions* settings = nullptr;
    ok(api.create_session_options(&settings));
    ok(api.set_graph_optimization_level(settings, abi::kOptimizeAll));
    ok(api.set_intra_op_threads(settings, 1));
    ok(api.set_inter_op_threads(settings, 1));
    ok(api.add_config_entry(settings, "session.intra_op.allow_spinning", "0"));
    abi::Session* session = nullptr;
    ok(api.create_session(env, vad_file().c_str(), settings, &session));
    ASSERT_NE(session, nullptr);

    size_t inputs = 0, outputs = 0;
    ok(api.get_input_count(session, &inputs));
    ok(api.get_output_count(session, &outputs));
    EXPECT_EQ(inputs, 3u);
    EXPECT_EQ(outputs, 2u);
    char* name = nullptr;
    ok(api.get_input_name(session, 0, allocator, &name));
    EXPECT_STREQ(name, "input");
    ok(api.allocator_free(allocator, name));
    ok(api.get_output_name(session, 0, allocator, &name));
    EXPECT_STREQ(name, "output");
    ok(api.allocator_free(allocator, name));
    for (const bool input : {true, false}) {
        abi::TypeInfo* type = nullptr;
        ok(input ? api.get_input_type(session, 0, &type) : api.get_output_type(session, 0, &type));
        const abi::TensorTypeAndShapeInfo* info = nullptr;
        ok(api.cast_to_tensor_info(type, &info));
        abi::ElementDataType element{};
        ok(api.get_element_type(info, &element));
        EXPECT_EQ(element, abi::kElementFloat);
        api.release_type_info(type);
    }

    std::vector<float> frame(576, 0.0f), state(256, 0.0f);
    int64_t rate = 16000;
    const int64_t frame_shape[] = {1, 576}, state_shape[] = {2, 1, 128};
    abi::Value* values[3] = {};
    ok(api.create_tensor(memory, frame.data(), frame.size() * 4, frame_shape, 2, abi::kElementFloat,
                         &values[0]));
    ok(api.create_tensor(memory, state.data(), state.size() * 4, state_shape, 3, abi::kElementFloat,
                         &values[1]));
    ok(api.create_tensor(memory, &rate, sizeof rate, nullptr, 0, abi::kElementInt64, &values[2]));
    abi::RunOptions* run_options = nullptr;
    ok(api.create_run_options(&run_options));
    const char* input_names[] = {"input", "state", "sr"};
    const char* output_names[] = {"output", "stateN"};
    abi::Value* results[2] = {};
    ok(api.run(session, run_options, input_names, values, 3, output_names, 2, results));
    ASSERT_NE(results[1], nullptr);
    abi::TensorTypeAndShapeInfo* info = nullptr;
    ok(api.get_tensor_type_and_shape(results[1], &info));
    size_t rank = 0, count = 0;
    ok(api.get_dimension_count(info, &rank));
    ASSERT_EQ(rank, 3u);
    int64_t shape[3] = {};
    ok(api.get_dimensions(info, shape, 3));
    EXPECT_EQ(shape[2], 128);
    ok(api.get_element_count(info, &count));
    EXPECT_EQ(count, 256u);
    api.release_tensor_info(info);
    void* data = nullptr;
    ok(api.get_tensor_data(results[0], &data));
    EXPECT_GE(*static_cast<float*>(data), 0.0f);
    EXPECT_LT(*static_cast<float*>(data), 0.5f);

    ok(api.set_terminate(run_options));
    abi::Value* none[2] = {};
    abi::Status* stopped = api.run(session, run_options, input_names, values, 3, output_names, 2, none);
    ASSERT_NE(stopped, nullptr);
    EXPECT_NE(api.get_error_code(stopped), 0);
    EXPECT_NE(std::string(api.get_error_message(stopped)), "");
    api.release_status(stopped);

    for (abi::Value* value : results) api.release_value(value);
    for (abi::Value* value : values) api.release_value(value);
    api.release_run_options(run_options);
    api.release_session(session);
    api.release_session_options(settings);
    api.release_memory_info(memory);
    api.release_env(env);
}

TEST_F(Onnx, AMissingLibraryNamesTheFileAndTheMend) {
    const auto missing = Library::open(folder_ / "libonnxruntime.so.1");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::not_found);
    EXPECT_NE(missing.error().message().find("script/bootstrap"), std::string::npos);
    const auto wrong = Library::open(write("libonnxruntime.so.1", "not a library"));
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, ErrorCode::unsupported);
    EXPECT_NE(wrong.error().message().find("script/bootstrap"), std::string::npos);
}

TEST_F(Onnx, TellsWhatTheNetworkDeclares) {
    auto session = Session::open(vad_file(), {});
    ASSERT_TRUE(session) << session.error().message();
    ASSERT_EQ((*session)->inputs().size(), 3u);
    EXPECT_EQ((*session)->inputs()[1].name, "state");
    EXPECT_EQ((*session)->inputs()[1].shape, (std::vector<int64_t>{2, -1, 128}));
    EXPECT_EQ((*session)->inputs()[2].type, ElementType::int64);
    EXPECT_EQ((*session)->outputs()[1].name, "stateN");
}

TEST_F(Onnx, DamagedFilesAreErrors) {
    std::ifstream file(vad_file(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    ASSERT_GT(bytes.size(), 1000u);
    for (const size_t length :
         {size_t{0}, size_t{1}, size_t{7}, size_t{64}, size_t{4096}, bytes.size() / 2}) {
        const auto session = Session::open(write("cut.onnx", bytes.substr(0, length)), {});
        ASSERT_FALSE(session) << length;
        EXPECT_EQ(session.error().code, ErrorCode::bad_format);
        EXPECT_NE(session.error().where.find("cut.onnx"), std::string::npos);
    }
    EXPECT_EQ(Session::open(folder_ / "none.onnx", {}).error().code, ErrorCode::not_found);
    EXPECT_EQ(Session::open(folder_, {}).error().code, ErrorCode::not_found);
    EXPECT_EQ(Session::open(vad_file(), {.threads = 0}).error().code, ErrorCode::invalid_argument);
}

TEST_F(Onnx, WrongInputsAreErrors) {
    auto session = Session::open(vad_file(), {});
    ASSERT_TRUE(session);
    const std::vector<float> frame(576), state(256);
    const int64_t rate = 16000;
    const Input sr("sr", std::span(&rate, 1), {});
    EXPECT_FALSE((*session)->run({Input("input", frame, {1, 576}), sr}, {"output"}));
    EXPECT_FALSE((*session)->run({Input("nothing", frame, {1, 576}), Input("state", state, {2, 1, 128}), sr},
                                 {"output"}));
    EXPECT_FALSE(
        (*session)->run({Input("input", frame, {1, 576}), Input("state", state, {2, 1, 128}), sr}, {"none"}));
    const auto right = (*session)->run(
        {Input("input", frame, {1, 576}), Input("state", state, {2, 1, 128}), sr}, {"output", "stateN"});
    ASSERT_TRUE(right) << right.error().message();
    EXPECT_EQ(right->floats(0).size(), 1u);
    EXPECT_EQ(right->shape(1), (std::vector<int64_t>{2, 1, 128}));
}

TEST_F(Onnx, ARunIsCancelledFromAnotherThread) {
    auto session = Session::open(turn_file(), {.threads = 1});
    ASSERT_TRUE(session) << session.error().message();
    const std::vector<float> mel(80 * 800);
    const Input input((*session)->inputs()[0].name.c_str(), mel, {1, 80, 800});
    const char* wanted = (*session)->outputs()[0].name.c_str();
    const Cancel before;
    before.cancel();
    EXPECT_EQ((*session)->run({input}, {wanted}, before).error().code, ErrorCode::cancelled);
    EXPECT_TRUE((*session)->run({input}, {wanted}, Cancel()));

    const Cancel during;
    std::thread other([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        during.cancel();
    });
    int runs = 0;
    while ((*session)->run({input}, {wanted}, during)) ++runs;
    other.join();
    EXPECT_TRUE(during.cancelled());
}

TEST_F(Onnx, OneSessionServesSeveralThreads) {
    auto session = Session::open(vad_file(), {});
    ASSERT_TRUE(session);
    const int64_t rate = 16000;
    const auto probability = [&](float level) {
        const std::vector<float> frame(576, level), state(256);
        const auto out = (*session)->run({Input("input", frame, {1, 576}), Input("state", state, {2, 1, 128}),
                                          Input("sr", std::span(&rate, 1), {})},
                                         {"output"});
        return out ? out->floats(0)[0] : -1.0f;
    };
    const float expected[] = {probability(0.0f), probability(0.3f)};
    std::vector<std::thread> threads;
    std::atomic<int> wrong{0};
    for (int t = 0; t < 2; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 50; ++i) wrong += probability(t ? 0.3f : 0.0f) != expected[t];
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace coda::models::onnx
