"""A written complaint policy of three pages, as a company's office writes it in Word."""

from io import BytesIO

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Pt

TITLE = "客户投诉管理制度"
# A paragraph is a text; one with "#" is numbered by Word itself, "|" separates cells of a table.
POLICY = """
苏州明远电子有限公司
客户投诉管理制度
文件编号：MY-KF-003　　版本：V2.0　　密级：内部
为规范客户投诉的受理、处理、回访与改进，维护客户权益和公司信誉，制定本制度。
第一章　总则
第一条　为统一投诉处理的流程、时限和权限，做到件件有登记、事事有回音，根据国家有关法律法规和公司《客户关系管理手册》，制定本制度。
第二条　适用范围　本制度适用于公司各部门对外部客户投诉的受理、调查、处理、回访及统计分析。内部员工的意见和建议不适用本制度。
第三条　本制度所称投诉，是指客户对公司产品质量、交货、服务或人员行为表示不满，并要求答复或者补救的口头或书面意见。
第四条　处理原则
（一）首问负责，不得推诿；
（二）先安抚客户，后查明原因；
（三）有理有据，不在审批前对外承诺。
第二章　职责
第五条　客户服务部是投诉受理的唯一窗口，负责登记、转办、跟踪、回访和归档。
第六条　质量管理部负责产品质量类投诉的原因调查，生产部、研发部、仓储物流配合。
第七条　客服经理对投诉处理的时限和质量负责，客服总监负责重大投诉的组织协调。
第三章　受理与登记
第八条　客服专员应在收到客户投诉后30分钟（工作时间）内完成登记，登记内容包括客户名称、联系方式、订单号、产品批号、不良数量和客户诉求。
第九条　投诉应当在收到当日受理；因资料不全不能受理的，应当说明原因并一次性告知需要补充的资料。
第十条　投诉分为一般投诉和重大投诉。有下列情形之一的，为重大投诉：
#索赔金额超过10万元的；
#涉及人身安全或者火灾隐患的；
#经媒体、监管部门转来的。
第四章　处理时限
第十一条　响应时限：投诉受理后24小时内由经办人响应客户，48小时内给出处理方案。
第十二条　紧急投诉应当在受理后15分钟内响应。
第十三条　处理结果
（一）一般投诉受理后5个工作日内结案；
（二）结案后4个工作小时内将处理结果告知客户；
（三）登记后两天内未能查明原因的，应当向客户说明进展。
第十四条　投诉结案后15天回访客户，了解客户对处理结果的满意度；客户不满意的，重新受理。
第十五条　客服主管应当在回访后3个工作日内复核投诉记录，复核无误后次日归档。
第十六条　各部门应当及时提供调查所需的资料，不得拖延。
第五章　处理权限
第十七条　客服专员可自行决定每案500元以内的补救，10,000元以内由客服经理审批，5万元以内由客服总监审批，超过5万元由总经理审批。
第十八条　退款审批流程：客服经理→财务部→总经理。
第十九条　赔偿的审批权限按下表执行：
审批人|金额|说明
客服经理|5000元以下|须附客户确认的损失清单
客服总监|5000元至3万元|须经质量管理部出具原因分析
总经理|3万元以上|须经法务部审核
第六章　统计与改进
第二十条　客户服务部应当于每月5日前完成上月投诉统计分析报告，报客服总监批准。
第二十一条　质量管理部每季度组织一次投诉案例分析会，制定改进措施并跟踪落实。
第二十二条　同一产品一个月内发生三起以上相同投诉的，质量管理部应当启动专项改进。
第七章　责任追究
第二十三条　违反本制度，有下列行为之一的，视情节给予批评教育、扣减绩效直至解除劳动合同：
1. 接到投诉不登记、不受理或者隐瞒不报的；
2. 超过本制度规定时限且无正当理由的；
3. 未经审批擅自向客户承诺赔偿的；
4. 泄露客户信息的。
第二十四条　因推诿、拖延造成损失扩大的，对责任人处以200元罚款，并取消当年评优资格。
第八章　附则
第二十五条　本制度由客户服务部负责解释，每年修订一次。
第二十六条　投诉记录保存期限为3年，法律法规另有规定的从其规定。
第二十七条　本制度自2026年3月1日起施行，原《客户投诉处理办法》同时废止。
附件1：客户投诉登记表
1. 登记表由客服专员填写，一案一表。
2. 登记表编号由系统自动生成，不得重复使用。
""".strip().split("\n")  # fmt: skip

_LIST = f"""
<w:abstractNum {nsdecls("w")} w:abstractNumId="77">
  <w:multiLevelType w:val="hybridMultilevel"/>
  <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCountingThousand"/>
    <w:lvlText w:val="（%1）"/></w:lvl>
</w:abstractNum>"""


def policy_document(lines=None):
    """Return the policy as a ``docx.Document``; or one of other lines, written in the same way."""
    document = Document()
    document.styles["Normal"].font.name = "宋体"
    document.styles["Normal"].font.size = Pt(10.5)
    _add_list(document)
    table = None
    for line in lines or POLICY:
        if "|" in line:
            table = _add_row(document, table, line.split("|"))
            continue
        table = None
        paragraph = document.add_paragraph(line.lstrip("#"))
        if line == TITLE:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        elif line.startswith("#"):
            number(paragraph)
    return document


def as_bytes(document):
    """Return the file of a document."""
    stream = BytesIO()
    document.save(stream)
    return stream.getvalue()


def policy_docx(lines=None):
    """Return the .docx file of the policy, or of other lines."""
    return as_bytes(policy_document(lines))


def number(paragraph, list_id=77, level=0):
    """Let Word number a paragraph itself."""
    numbering = paragraph._p.get_or_add_pPr().get_or_add_numPr()
    numbering.get_or_add_numId().val = list_id
    numbering.get_or_add_ilvl().val = level


def add_definitions(document, abstract, list_ids, abstract_id):
    """Add the definition of an automatic list, and the lists that follow it."""
    root = document.part.numbering_part.element
    first = root.find(qn("w:num"))
    position = len(root) if first is None else list(root).index(first)
    root.insert(position, parse_xml(abstract))
    for list_id, more in list_ids.items():
        root.append(
            parse_xml(
                f'<w:num {nsdecls("w")} w:numId="{list_id}">'
                f'<w:abstractNumId w:val="{abstract_id}"/>{more}</w:num>'
            )
        )


def _add_list(document):
    add_definitions(document, _LIST, {77: ""}, 77)


def _add_row(document, table, cells):
    if table is None:
        table = document.add_table(rows=0, cols=len(cells))
    for cell, text in zip(table.add_row().cells, cells, strict=True):
        cell.text = text
    return table
