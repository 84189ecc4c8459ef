#include "runtime/guarded.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace leoam {
namespace {

TEST(Guarded, PassesOnWhatTheWorkReturns) {
  EXPECT_EQ(*Guarded<int>([]() -> Result<int> { return 3; }), 3);
  const auto refused = [] { return Result<int>(Status(StatusCode::kIo, "no disk")); };
  EXPECT_EQ(Guarded<int>(refused).status().code(), StatusCode::kIo);
}

TEST(Guarded, WhatTheSystemHasNoRoomForIsAnError) {
  EXPECT_EQ(Guarded<int>([]() -> Result<int> { throw std::bad_alloc(); }).status().code(),
            StatusCode::kNoSpace);
  const auto no_thread = []() -> Result<int> {
    throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
  };
  EXPECT_EQ(Guarded<int>(no_thread).status().code(), StatusCode::kNoSpace);
  const auto bug = []() -> Result<int> { throw std::length_error("too long"); };
  EXPECT_EQ(Guarded<int>(bug).status().code(), StatusCode::kInternal);
}

}  // namespace
}  // namespace leoam
