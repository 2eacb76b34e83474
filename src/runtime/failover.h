// A backend that goes on elsewhere when its device fails: what cannot be compiled or no longer runs on the
// first runs on the second, from the same point of the same conversation. What a State holds follows from the
// tokens in its growing caches and the features last stored, so those are kept and worked through again on
// the second. Nothing of it is silent: every switch is reported. Thread safety and ownership as backend.h
// says.
#pragma once

#include "base/result.h"
#include "runtime/backend.h"

#include <functional>
#include <memory>

namespace coda::runtime {

// Called from the thread that met the failure, possibly from several at once; must not call the backend.
using OnFailover = std::function<void(const Error& why)>;

// Goes over when the first says unavailable or internal of a run, or anything but bad_format and
// invalid_argument of compiling; exhausted of a new or forked State moves that State alone.
std::unique_ptr<Backend> create_failover_backend(std::unique_ptr<Backend> first,
                                                 std::shared_ptr<Backend> second, OnFailover on_failover);

}  // namespace coda::runtime
