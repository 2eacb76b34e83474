// What tests of backends share: random tensors, the error between two outputs, a program that is ready to
// run. Thread safety: none. Ownership: Tensors owns what its views show.
#pragma once

#include "runtime/backend.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace coda::runtime {

// Owns random tensors and hands out views.
class Tensors {
  public:
    TensorView make(DType dtype, const Shape& shape, float mean = 0, float deviation = 1) {
        std::normal_distribution<float> normal(mean, deviation);
        std::vector<float> values(static_cast<size_t>(shape.elements()));
        for (float& v : values) v = normal(random_);
        storage_.push_back(quantize(dtype, values));
        return {"t" + std::to_string(storage_.size()), dtype, shape, storage_.back()};
    }
    // As networks have them: rows keep the size of what they multiply.
    TensorView layer(DType dtype, int out, int in) {
        return make(dtype, {out, in}, 0, 1 / std::sqrt(static_cast<float>(in)));
    }
    std::vector<float> floats(size_t count) {
        std::normal_distribution<float> normal;
        std::vector<float> values(count);
        for (float& v : values) v = normal(random_);
        return values;
    }

  private:
    std::mt19937 random_{7};
    std::deque<std::vector<std::byte>> storage_;
};

inline double normalized_error(std::span<const float> got, std::span<const float> expected) {
    EXPECT_EQ(got.size(), expected.size());
    double error = 0, power = 0;
    for (size_t i = 0; i < std::min(got.size(), expected.size()); ++i) {
        error += std::pow(static_cast<double>(got[i]) - expected[i], 2);
        power += std::pow(static_cast<double>(expected[i]), 2);
    }
    return power > 0 ? error / power : error;
}

struct Running {
    std::shared_ptr<const Executable> executable;
    std::unique_ptr<State> state;
};

inline Running start(Backend& backend, const std::shared_ptr<Program>& program,
                     const CompileOptions& options = {}) {
    auto executable = backend.compile(program, options);
    EXPECT_TRUE(executable) << executable.error().message();
    auto state = (*executable)->new_state();
    EXPECT_TRUE(state);
    return {*executable, std::move(*state)};
}

}  // namespace coda::runtime
