// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

/// Never deployed: a node tries the creation, and what would be the contract's code is the answer. One byte of zero (code
/// that begins with 0xef is refused), then for each subject, in their order, one byte of these bits:
///
///   1  it was looked at
///   2  it has code
///   4  the token said whether it is frozen
///   8  the token said that it is
contract Destinations {
    /// The most that one question to the token may use: there is no 63/64 rule on TRON, and a token that uses up what it
    /// gets would leave nothing for the other subjects.
    uint256 private constant ENERGY = 100_000;

    /// `token`: zero asks none.
    constructor(address token, address[] memory subjects) {
        bytes memory findings = new bytes(subjects.length + 1);
        for (uint256 i = 0; i < subjects.length; i++) {
            uint8 bits = subjects[i].code.length == 0 ? 1 : 3;
            if (token != address(0)) bits |= statusOf(token, subjects[i]);
            findings[i + 1] = bytes1(bits);
        }
        assembly {
            return(add(findings, 32), mload(findings))
        }
    }

    /// Whoever fails, or answers anything but one word, said nothing.
    function statusOf(address token, address subject) private view returns (uint8) {
        bytes memory question = abi.encodeWithSignature("isBlackListed(address)", subject);
        bool answered;
        uint256 word;
        assembly {
            answered := staticcall(ENERGY, token, add(question, 32), mload(question), 0, 32)
            answered := and(answered, eq(returndatasize(), 32))
            word := mload(0)
        }
        if (!answered) return 0;
        return word == 0 ? 4 : 12;
    }
}
