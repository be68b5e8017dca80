"""The words of written policies that point at a fact of a case, a kind of case or a remedy.

They only make suggestions, which a person accepts.
"""

# What happened, by the field that records it.
FACTS = {
    "policy_intake_at": "收到 接到 接获 来电 来函 来访 反映 提出投诉 投诉之日 受到投诉",
    "policy_accepted_at": "受理 接收 接受投诉",
    "policy_registered_at": "登记 立案 建档 编号 录入",
    "policy_responded_at": "响应 首次响应 首次答复 初步答复 首次回复 联系客户 与客户联系 回应",
    "policy_solution_at": "处理方案 解决方案 提出方案 给出方案 处理意见 解决办法 纠正措施",
    "policy_decided_at": "审批完成 审批通过 核决 作出决定 做出决定 裁定",
    "policy_settled_at": "结案 办结 处理完毕 处理完成 处理完 解决完毕 处理完结",
    "policy_replied_at": "答复 回复 告知 反馈 通知客户 书面答复 告知处理结果",
    "policy_callback_at": "回访",
    "policy_rechecked_at": "复核 复查",
    "policy_closed_at": "关闭 归档 销案",
    "policy_external_received_at": "转办 交办 派单",
    "policy_external_replied_at": "答复主管部门 答复监管部门 回复工单",
}
# Which cases a sentence speaks of: field of the case, value.
KINDS = {
    "投诉": ("policy_kind", ("complaint", "conflict")),
    "客诉": ("policy_kind", ("complaint", "conflict")),
    "咨询": ("policy_kind", ("inquiry",)),
    "查询": ("policy_kind", ("query",)),
    "服务请求": ("policy_kind", ("request",)),
    "建议": ("policy_kind", ("suggestion",)),
    "纠纷": ("policy_kind", ("conflict",)),
    "紧急": ("policy_urgency", ("urgent",)),
    "加急": ("policy_urgency", ("urgent",)),
    "重大": ("policy_severity", ("major", "crisis")),
    "危机": ("policy_severity", ("crisis",)),
}
# What is asked for: codes of const.SUBJECTS.
SUBJECTS = {
    "退款": "refund",
    "折让": "allowance",
    "退货": "return",
    "换货": "exchange",
    "返工": "rework",
    "返修": "rework",
    "赔偿": "compensation",
    "补偿": "compensation",
    "减免": "waiver",
    "免除": "waiver",
    "礼品": "gift",
    "赠品": "gift",
}
# Whatever is granted for a case.
ANY_REMEDY = "补救|救济|让步|客诉金额|投诉金额|客诉权限"
# Words that mean a post where the company has no role of that name.
POSTS = (
    "总经理 副总经理 总监 副总监 经理 副经理 主管 主任 部长 副部长 处长 科长 组长 班长 专员 "
    "负责人 分管领导 主管领导 领导 董事长 董事会 总裁 副总裁 财务部 财务 法务部 法务 质量部 品质部 "
    "客服部 销售部 业务部 生产部 技术部 研发部 办公室 委员会 店长 员工 坐席"
).split()
